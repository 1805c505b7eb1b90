// SPDX-License-Identifier: LGPL-2.1-or-later
// docs/errors.md, the enum, the table and the tests that raise each code say the same.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "core/base/hint.hpp"

namespace stt {
namespace {

/// The causes of these come with the WebSocket transport.
const std::set<ErrorCode> not_raised{ErrorCode::websocket_closed, ErrorCode::websocket_handshake_failed,
                                     ErrorCode::tls_error};

std::string number_of(ErrorCode code) {
    char text[8];
    snprintf(text, sizeof text, "0x%04x", static_cast<unsigned>(code));
    return text;
}

std::string capitals(std::string name) {
    for (char& c : name) c = static_cast<char>(toupper(static_cast<unsigned char>(c)));
    return name;
}

/// Wherever lines are broken.
std::string unwrapped(const std::string& text) { return std::regex_replace(text, std::regex("\\s+"), " "); }

std::vector<std::string> all(const std::string& text, const char* pattern, size_t group = 1) {
    const std::regex expression(pattern);
    std::vector<std::string> found;
    for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it)
        found.push_back((*it)[group]);
    return found;
}

struct ErrorDocs : testing::Test {
    void SetUp() override {
        const char* root = std::getenv("STT_SOURCE_ROOT");
        if (!root) GTEST_SKIP() << "STT_SOURCE_ROOT does not say where the sources are; meson does";
        source_root = root;
        docs = read("docs/errors.md");
        const std::regex of_codes("error_\\w+_test\\.cpp");
        for (const auto& entry : std::filesystem::directory_iterator(source_root / "tests/elements")) {
            const std::string name = entry.path().filename();
            if (std::regex_match(name, of_codes)) tests += read("tests/elements/" + name);
        }
        // String literals that go on in the next line.
        tests = std::regex_replace(tests, std::regex("\"\\s*\n\\s*\""), "");
        ASSERT_FALSE(docs.empty());
        ASSERT_FALSE(tests.empty());
    }
    std::string read(const std::string& name) const {
        std::ifstream file(source_root / name);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }
    /// From the heading of `row` to the next.
    std::string section(const ErrorInfo& row) const {
        const size_t start = docs.find("### " + number_of(row.code) + " " + std::string(row.name) + "\n");
        if (start == std::string::npos) return {};
        return docs.substr(start, docs.find("\n##", start + 3) - start);
    }

    std::filesystem::path source_root;
    std::string docs, tests;
};

TEST_F(ErrorDocs, TheEnumIsTheTable) {
    const std::string header = read("core/base/error.hpp");
    std::map<std::string, std::string> names;
    for (const ErrorInfo& row : error_table()) names[number_of(row.code)] = row.name;
    const auto codes = all(header, "\\w+ = (0x[0-9a-f]{4}),");
    const auto words = all(header, "(\\w+) = 0x[0-9a-f]{4},");
    ASSERT_EQ(codes.size(), names.size());
    for (size_t i = 0; i < codes.size(); i++) EXPECT_EQ(capitals(words[i]), names[codes[i]]);
}

TEST_F(ErrorDocs, TheOverviewIsTheTable) {
    static constexpr const char* recoveries[] = {"retry", "fix config", "automatic", "fatal"};
    std::string overview = "|---|---|---|---|---|\n";
    for (const ErrorInfo& row : error_table())
        overview += "| " + number_of(row.code) + " | " + std::string(row.name) + " | " +
                    std::string(row.category) + " | " + recoveries[static_cast<size_t>(row.recovery)] +
                    " | " + (row.retried ? "yes" : "no") + " |\n";
    EXPECT_NE(docs.find(overview + "\n"), std::string::npos) << overview;
}

TEST_F(ErrorDocs, EveryCodeHasItsCauseItsRemedyAndWhetherItIsRetried) {
    EXPECT_EQ(all(docs, "\n### (0x[0-9a-f]+) ").size(), error_table().size());
    for (const ErrorInfo& row : error_table()) {
        const std::string text = unwrapped(section(row));
        EXPECT_NE(text.find(std::string(row.name) + " " + std::string(row.cause)), std::string::npos)
            << row.name;
        EXPECT_NE(text.find("- Do: " + std::string(row.hint) + " "), std::string::npos) << row.name;
        EXPECT_NE(text.find(row.retried ? "- Retried: yes, " : "- Retried: no, "), std::string::npos)
            << row.name;
    }
}

TEST_F(ErrorDocs, EveryCauseHasItsRemedy) {
    for (const ErrorCause& cause : error_causes()) {
        const std::string reason = "`" + std::string(reason_name(cause.reason)) + "`", hint(cause.hint);
        if (const ErrorInfo* row = find_error(cause.code)) {
            const std::string text = unwrapped(section(*row));
            EXPECT_NE(text.find("- Do about " + reason +
                                (cause.lasting ? ", which retrying does not fix: " : ": ") + hint + " "),
                      std::string::npos)
                << reason;
        } else {
            const auto remedies = all(docs, ("\n\\| " + reason + " \\|[^|]*\\| ([^|]*) \\|\n").c_str());
            EXPECT_EQ(remedies, std::vector{hint}) << reason;
        }
    }
}

TEST_F(ErrorDocs, EveryCauseOfAListenersHasItsRemedy) {
    for (const ErrorCause& cause : listener_causes()) {
        const std::string text = unwrapped(section(*find_error(cause.code)));
        EXPECT_NE(text.find("- Do about `" + std::string(reason_name(cause.reason)) +
                            "` at a listener: " + std::string(cause.hint) + " "),
                  std::string::npos)
            << reason_name(cause.reason);
    }
}

TEST_F(ErrorDocs, WhatTheBusShowsIsWhatTestsSee) {
    for (const ErrorInfo& row : error_table()) {
        const auto lines = all(section(row), "`(0x[0-9a-f]{4}/[^`]*)`");
        EXPECT_EQ(lines.empty(), not_raised.contains(row.code)) << row.name;
        for (const std::string& line : lines) {
            std::ostringstream start;
            start << number_of(row.code) << "/" << line[7] << " " << row.name << " " << row.category << " ";
            EXPECT_EQ(line.rfind(start.str(), 0), 0u) << line;
            EXPECT_NE(tests.find(line + "\""), std::string::npos) << "no test expects: " << line;
        }
    }
}

TEST_F(ErrorDocs, EveryLineThatTestsSeeIsThere) {
    for (const std::string& line : all(tests, "\"(?:error )?(0x[0-9a-f]{4}/\\d [^\"]*)\""))
        EXPECT_NE(docs.find("`" + line + "`"), std::string::npos) << line;
}

TEST_F(ErrorDocs, EveryTestThatIsNamedExistsAndEveryOneIsNamed) {
    std::set<std::string> named;
    for (const ErrorInfo& row : error_table()) {
        const std::string text = section(row);
        const auto names = all(text.substr(std::min(text.size(), text.find("- Test: "))), "`(\\w+\\.\\w+)`");
        EXPECT_EQ(names.empty(), not_raised.contains(row.code)) << row.name;
        named.insert(names.begin(), names.end());
    }
    std::set<std::string> present;
    for (const std::string& name : all(tests, "\nTEST\\((\\w+, \\w+)\\)"))
        present.insert(std::regex_replace(name, std::regex(", "), "."));
    for (const std::string& name : named) EXPECT_TRUE(present.contains(name)) << name << " is no test";
    for (const std::string& name : present) EXPECT_TRUE(named.contains(name)) << name << " is not named";
}

TEST_F(ErrorDocs, EverySubCodeIsExplainedAndSeen) {
    const std::string header = read("core/base/error.hpp");
    const auto from = header.find("enum class HandshakeSubCode");
    const std::string sub_codes = header.substr(from, header.find("};", from) - from);
    const auto names = all(sub_codes, "(\\w+) = [1-9],");
    ASSERT_EQ(names.size(), 4u);
    for (size_t i = 0; i < names.size(); i++) {
        const std::string number = std::to_string(i + 1);
        EXPECT_NE(docs.find("| " + number + " " + capitals(names[i]) + " |"), std::string::npos) << names[i];
        EXPECT_NE(docs.find("`0x0405/" + number + " "), std::string::npos) << names[i];
    }
}

}  // namespace
}  // namespace stt
