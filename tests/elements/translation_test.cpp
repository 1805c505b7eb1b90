// SPDX-License-Identifier: LGPL-2.1-or-later
/// What people see, in German, from the catalogue as built.
#include <cinttypes>
#include <clocale>
#include <cstdlib>
#include <filesystem>

#include "core/base/hint.hpp"
#include "core/base/text.hpp"
#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

struct Translation : testing::Test {
    void SetUp() override {
        const char* const catalogues = std::getenv("STT_TRANSLATIONS");
        if (!catalogues) GTEST_SKIP() << "STT_TRANSLATIONS does not say where the catalogues are; meson does";
        if (!speak_german()) GTEST_SKIP() << "no locale de_DE.UTF-8, and no C.UTF-8 to make it of";
        // After the plugin, which looks where it is to be installed.
        gst_object_unref(gst_element_factory_make("sttsink", nullptr));
        find_translations(catalogues);
    }
    void TearDown() override {
        std::setlocale(LC_ALL, "C");
        if (!locales_.empty()) std::filesystem::remove_all(locales_);
        g_unsetenv("LOCPATH");
    }

    /// For gettext a locale's name is what counts. Where German is not installed, another one gets its name.
    bool speak_german() {
        g_unsetenv("LANGUAGE");
        g_setenv("LC_ALL", "de_DE.UTF-8", TRUE);
        if (std::setlocale(LC_ALL, "")) return true;
        const std::filesystem::path plain = "/usr/lib/locale/C.utf8";
        if (!std::filesystem::is_directory(plain)) return false;
        char* const directory = g_dir_make_tmp("stt-locale-XXXXXX", nullptr);
        locales_ = directory;
        g_free(directory);
        std::filesystem::create_directory_symlink(plain, locales_ / "de_DE.UTF-8");
        g_setenv("LOCPATH", locales_.c_str(), TRUE);
        return std::setlocale(LC_ALL, "") != nullptr;
    }

    std::filesystem::path locales_;
};

TEST_F(Translation, AnErrorAndItsHintAreGerman) {
    GstElement* const element = make_element("sttsink", "stt://h:1", nullptr);
    g_object_set(element, "seed-file", "/nonexistent/seed", nullptr);
    Bus bus(element);
    EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    const MessagePtr message = bus.wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(message);
    GError* error = nullptr;
    char* debug = nullptr;
    gst_message_parse_error(message.get(), &error, &debug);
    const std::string text = error->message, shown = debug;
    g_error_free(error);
    g_free(debug);
    EXPECT_EQ(text.rfind("/nonexistent/seed: lässt sich nicht öffnen: ", 0), 0u) << text;
    const std::string hint =
        "Den Pfad prüfen; einen Seed erzeugt: (umask 077; openssl rand -hex 32 > DATEI).";
    EXPECT_NE(shown.find(hint), std::string::npos) << shown;
    const GstStructure* details = nullptr;
    gst_message_parse_error_details(message.get(), &details);
    EXPECT_EQ(gst_structure_get_string(details, "hint"), hint);
    EXPECT_STREQ(gst_structure_get_string(details, "reason"), "no-such-file") << "programs compare it";
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
}

TEST_F(Translation, NumbersOfEveryWidthArePutIn) {
    EXPECT_EQ(tr("; trying again in %" PRIu64 " ms", UINT64_MAX),
              "; neuer Versuch in 18446744073709551615 ms");
    EXPECT_EQ(tr("%ld.%ld %% of the last %" PRIu64 " packets arrived damaged; they are sent again", 7L, 4L,
                 uint64_t{1000}),
              "7,4 % der letzten 1000 Pakete kamen beschädigt an; sie werden erneut gesendet");
}

TEST_F(Translation, EveryHintIsGerman) {
    for (const ErrorInfo& row : error_table()) EXPECT_NE(translated(row.hint), row.hint);
    for (const ErrorCause& cause : error_causes()) EXPECT_NE(translated(cause.hint), cause.hint);
    for (const ErrorCause& cause : listener_causes()) EXPECT_NE(translated(cause.hint), cause.hint);
}

TEST_F(Translation, WithoutATextThereIsNone) {
    EXPECT_EQ(translated(""), "");
    EXPECT_EQ(tr("%s", ""), "");
}

}  // namespace
}  // namespace stt::test
