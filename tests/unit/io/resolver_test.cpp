// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/resolver.hpp"

#include <gio/gio.h>
#include <gtest/gtest.h>

#include <optional>

// A resolver that answers from a small table, or not at all.
G_DECLARE_FINAL_TYPE(TableResolver, table_resolver, STT, TABLE_RESOLVER, GResolver)
struct _TableResolver {
    GResolver parent;
};
G_DEFINE_FINAL_TYPE(TableResolver, table_resolver, G_TYPE_RESOLVER)

static void table_lookup(GResolver* resolver, const char* name, GCancellable* cancellable,
                         GAsyncReadyCallback callback, gpointer data) {
    GTask* const task = g_task_new(resolver, cancellable, callback, data);
    if (g_strcmp0(name, "silent.test") == 0) {
        g_task_run_in_thread(task, [](GTask* silent, gpointer, gpointer, GCancellable* cancel) {
            while (!g_cancellable_is_cancelled(cancel)) g_usleep(1000);
            g_task_return_error_if_cancelled(silent);
        });
    } else if (g_strcmp0(name, "two.test") == 0) {
        GList* list = g_list_append(nullptr, g_inet_address_new_from_string("2001:db8::1"));
        list = g_list_append(list, g_inet_address_new_from_string("192.0.2.1"));
        g_task_return_pointer(task, list, [](gpointer addresses) {
            g_resolver_free_addresses(static_cast<GList*>(addresses));
        });
    } else {
        g_task_return_new_error(task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no such name here");
    }
    g_object_unref(task);
}
static GList* table_finish(GResolver*, GAsyncResult* result, GError** error) {
    return static_cast<GList*>(g_task_propagate_pointer(G_TASK(result), error));
}
static void table_resolver_init(TableResolver*) {}
static void table_resolver_class_init(TableResolverClass* klass) {
    G_RESOLVER_CLASS(klass)->lookup_by_name_async = table_lookup;
    G_RESOLVER_CLASS(klass)->lookup_by_name_finish = table_finish;
}

namespace stt {
namespace {

class ResolverTest : public testing::Test {
  protected:
    void SetUp() override {
        original = g_resolver_get_default();
        table = g_object_new(table_resolver_get_type(), nullptr);
        g_resolver_set_default(G_RESOLVER(table));
        g_object_add_weak_pointer(G_OBJECT(table), &table);
        g_object_unref(table);
        g_main_context_push_thread_default(context);
    }
    void TearDown() override {
        resolver.cancel();
        g_resolver_set_default(original);
        g_object_unref(original);
        // A look-up that was cancelled still comes back to its context; each holds the resolver until then.
        const gint64 deadline = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
        while (table && g_get_monotonic_time() < deadline) g_main_context_iteration(context, FALSE);
        EXPECT_EQ(table, nullptr) << "a look-up did not come back";
        g_main_context_pop_thread_default(context);
        g_main_context_unref(context);
    }
    void resolve(const char* host, Duration limit) {
        resolver.resolve(host, 7600, limit, [&](auto found) { result = std::move(found); });
        EXPECT_FALSE(result) << "never from within the call";
        while (!result) g_main_context_iteration(context, TRUE);
    }

    GResolver* original = nullptr;
    gpointer table = nullptr;  // null once nobody uses it
    GMainContext* context = g_main_context_new();
    Resolver resolver;
    std::optional<Result<std::vector<Address>>> result;
};

TEST_F(ResolverTest, AddressesNeedNoLookUp) {
    resolve("192.0.2.7", 10s);
    ASSERT_TRUE(result->ok());
    EXPECT_EQ(result->value(), std::vector{Address::v4({192, 0, 2, 7}, 7600)});
}

TEST_F(ResolverTest, AllAddressesComeInOrder) {
    resolve("two.test", 10s);
    ASSERT_TRUE(result->ok());
    ASSERT_EQ(result->value().size(), 2u);
    EXPECT_FALSE(result->value()[0].is_v4());
    EXPECT_EQ(result->value()[0].port, 7600);
    EXPECT_EQ(result->value()[1], Address::v4({192, 0, 2, 1}, 7600));
}

TEST_F(ResolverTest, AFailureNamesTheHost) {
    resolve("missing.test", 10s);
    ASSERT_FALSE(result->ok());
    EXPECT_EQ(result->error().code, ErrorCode::network_unreachable);
    EXPECT_NE(result->error().text.find("missing.test"), std::string::npos);
    EXPECT_NE(result->error().text.find("no such name here"), std::string::npos);
}

TEST_F(ResolverTest, SilenceEndsInTime) {
    resolve("silent.test", 30ms);
    ASSERT_FALSE(result->ok());
    EXPECT_EQ(result->error().code, ErrorCode::timeout);
    EXPECT_NE(result->error().text.find("silent.test"), std::string::npos);
}

TEST_F(ResolverTest, ACancelledOneIsNotHeardOf) {
    resolver.resolve("two.test", 1, 10s, [&](auto) { FAIL(); });
    resolver.cancel();
    resolver.resolve("missing.test", 1, 10s, [&](auto) { FAIL(); });
    resolve("two.test", 10s);
    EXPECT_EQ(result->value().size(), 2u);
    while (g_main_context_iteration(context, FALSE)) {
    }
}

}  // namespace
}  // namespace stt
