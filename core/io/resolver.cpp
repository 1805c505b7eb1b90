// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/resolver.hpp"

#include <gio/gio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/base/text.hpp"
#include "core/io/socket_address.hpp"

namespace stt {
namespace {

Error lookup_error(ErrorCode code, std::string text) {
    return make_error(code, Reason::resolve, ErrorOrigin::network, std::move(text));
}

/// Returns the errno if the process can open no further socket, or else 0. The system's resolver reports a
/// name as unknown when it has no socket left to ask with.
int lack_of_descriptors() {
    const int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return errno == EMFILE || errno == ENFILE ? errno : 0;
    close(probe);
    return 0;
}

std::vector<Address> to_addresses(GList* list, uint16_t port) {
    std::vector<Address> addresses;
    for (; list; list = list->next) {
        char* const text = g_inet_address_to_string(static_cast<GInetAddress*>(list->data));
        if (const auto address = parse_address(text, port)) addresses.push_back(*address);
        g_free(text);
    }
    return addresses;
}

GSource* attach_timeout(Duration after, GSourceFunc function, void* data, GDestroyNotify destroy) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(after).count();
    GSource* const source = g_timeout_source_new(static_cast<guint>(ms));
    g_source_set_callback(source, function, data, destroy);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

}  // namespace

/// One look-up. GIO and the timer each hold a reference until they have called back or have been cancelled.
struct Resolver::Lookup {
    Lookup(std::string host_name, uint16_t to_port, Done call)
        : host(std::move(host_name)), port(to_port), done(std::move(call)) {}
    ~Lookup() { g_object_unref(cancellable); }
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;

    const std::string host;
    const uint16_t port;
    Done done;  // empty after it was called or cancelled
    GCancellable* const cancellable = g_cancellable_new();
    GSource* timer = nullptr;

    void finish(Result<std::vector<Address>> result) {
        const Done call = std::exchange(done, nullptr);
        stop();
        if (call) call(std::move(result));
    }
    void stop() {
        done = nullptr;
        g_cancellable_cancel(cancellable);
        if (timer) {
            g_source_destroy(timer);
            g_source_unref(std::exchange(timer, nullptr));
        }
    }

    using Share = std::shared_ptr<Lookup>;
    static void drop(void* data) { delete static_cast<Share*>(data); }
    static gboolean literal(void* data) {
        const Share self = *static_cast<Share*>(data);
        self->finish(std::vector<Address>{*parse_address(self->host, self->port)});
        return G_SOURCE_REMOVE;
    }
    static gboolean too_late(void* data) {
        const Share self = *static_cast<Share*>(data);
        self->finish(lookup_error(ErrorCode::timeout, tr("cannot find the address of '%s': no answer in time",
                                                         self->host.c_str())));
        return G_SOURCE_REMOVE;
    }
    static void answered(GObject* resolver, GAsyncResult* result, void* data) {
        const std::unique_ptr<Share> share(static_cast<Share*>(data));
        const Share self = *share;
        GError* error = nullptr;
        GList* const list = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &error);
        std::vector<Address> addresses = to_addresses(list, self->port);
        g_resolver_free_addresses(list);
        if (self->done) {
            if (const int lacking = error ? lack_of_descriptors() : 0)
                self->finish(make_error(ErrorCode::resource_exhausted, Reason::descriptors,
                                        ErrorOrigin::local,
                                        tr("cannot look up the address of '%s': %s", self->host.c_str(),
                                           std::generic_category().message(lacking).c_str())));
            else if (error)
                self->finish(lookup_error(
                    ErrorCode::network_unreachable,
                    tr("cannot find the address of '%s': %s", self->host.c_str(), error->message)));
            else if (addresses.empty())
                self->finish(lookup_error(
                    ErrorCode::network_unreachable,
                    tr("cannot find the address of '%s': the name has no address", self->host.c_str())));
            else
                self->finish(std::move(addresses));
        }
        g_clear_error(&error);
    }
};

Resolver::~Resolver() { cancel(); }

void Resolver::cancel() {
    if (lookup_) lookup_->stop();
    lookup_.reset();
}

void Resolver::resolve(const std::string& host, uint16_t port, Duration time_limit, Done done) {
    cancel();
    lookup_ = std::make_shared<Lookup>(host, port, std::move(done));
    const auto share = [this] { return new Lookup::Share(lookup_); };
    if (parse_address(host, port)) {
        lookup_->timer = attach_timeout(Duration::zero(), Lookup::literal, share(), Lookup::drop);
        return;
    }
    lookup_->timer = attach_timeout(time_limit, Lookup::too_late, share(), Lookup::drop);
    GResolver* const resolver = g_resolver_get_default();
    g_resolver_lookup_by_name_async(resolver, host.c_str(), lookup_->cancellable, Lookup::answered, share());
    g_object_unref(resolver);
}

}  // namespace stt
