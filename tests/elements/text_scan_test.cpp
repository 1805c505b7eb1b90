// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/text_scan.hpp"

#include <gst/gst.h>
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "gst/text_parser.hpp"
#include "tests/elements/interned_names.hpp"

namespace stt {
namespace {

/// `count` fields with values of their own.
std::string with_fields(size_t count) {
    std::string text = "ev";
    for (size_t i = 0; i < count; i++) text += ", f" + std::to_string(i) + "=1";
    return text;
}

std::string in_quotes(const std::string& text) {
    char* wrapped = g_strescape(text.c_str(), nullptr);
    const std::string result = '"' + std::string(wrapped) + '"';
    g_free(wrapped);
    return result;
}

std::string base64(const std::string& text) {
    char* encoded = g_base64_encode(reinterpret_cast<const guchar*>(text.data()), text.size());
    std::string result(encoded);
    g_free(encoded);
    for (char& c : result)
        if (c == '=') c = '_';
    return result;
}

TEST(TextScan, TheNumberOfFieldsIsBounded) {
    EXPECT_TRUE(TextScan(with_fields(TextScan::fields_max)).parseable());
    EXPECT_FALSE(TextScan(with_fields(TextScan::fields_max + 1)).parseable());
    const std::string many = with_fields(100'000);
    EXPECT_FALSE(TextScan(many).parseable());
    for (const std::string& text :
         {"ev, s=(structure)" + in_quotes(many), "taglist, image=(sample)AAAA:" + base64(many) + ":None:None",
          "taglist, image=(sample)" + in_quotes("AAAA:" + base64(many) + ":None:None"),
          "ev, s=(structure)[" + many + "]"})
        EXPECT_FALSE(TextScan(text).parseable()) << text.substr(0, 40);
    std::string features = "video/x-raw(memory:A";
    for (int i = 0; i < 100'000; i++) features += ", memory:B" + std::to_string(i);
    EXPECT_FALSE(TextScan(features + ")").parseable());
}

/// An array of `count` numbers.
std::string with_elements(size_t count) {
    std::string text = "ev, a=(int)< 0";
    for (size_t i = 1; i < count; i++) text += ", " + std::to_string(i);
    return text + " >";
}

TEST(TextScan, ElementsAreNoFields) {
    EXPECT_TRUE(TextScan(with_elements(100'000)).parseable());
    const auto fault = [](const std::string& text) { return TextScan(text).fault(); };
    EXPECT_EQ(fault(with_elements(TextScan::elements_max + 1)), TextFault::none);
    EXPECT_EQ(fault(with_elements(TextScan::elements_max + 2)), TextFault::many_fields);
    std::string ranges = "ev, a=(int){ ";
    for (int i = 0; i < 1000; i++) ranges += "[ 1, 5, 1 ], { 1, 2, 3 }, ";
    EXPECT_EQ(fault(ranges + "1 }"), TextFault::deep_nesting);
    std::string in_list = "ev, a={ [in";
    for (size_t i = 0; i <= TextScan::fields_max; i++) in_list += ", f" + std::to_string(i) + "=1";
    EXPECT_EQ(fault(in_list + "] }"), TextFault::many_fields) << "a structure that is an element has fields";
    EXPECT_EQ(fault(with_fields(TextScan::fields_max + 1)), TextFault::many_fields);
    const std::string number = "[ 1, 5, 1 ]";
    EXPECT_EQ(fault(with_fields(TextScan::fields_max - 1) + ", a=(int)" + number), TextFault::none);
}

TEST(TextScan, NothingHidesTheRestFromTheScan) {
    const std::string hidden = ", l=" + std::string(TextScan::openings_max + 1, '{');
    // What stands before the last bracket is skipped by the parser, or is read in another way by it.
    const std::vector<std::string> hiding{
        "a/b(memory:x\")",
        "a/b(memory:x{)",
        "a/b(memory:x\\)",
        "ev, s=(structure)[in;\" ]",
        "ev, s=(GstCapsFeatures)[ foo:x!y ]",
        "ev, s=[in; { ]",
        "ev, s=[\"in, a=(string)\"x\"]",
        "ev, s=[\"in\"]",
        "ev, s=[in; x\" ]",
        "ev, s=[in, {a=1}]",
        "ev, s=[in;\" ]",
        "ev, s=[in, x=\"[\"; ], q=\"]",
    };
    for (const std::string& text : hiding) {
        EXPECT_FALSE(TextScan(text + hidden).parseable()) << text;
        EXPECT_FALSE(TextScan(text + ", a=1").parseable()) << text;
        const std::string again = text.substr(text.find_first_of("[("));
        EXPECT_FALSE(TextScan(text + ", a=1, t=" + again + ", b=1").parseable()) << text;
        for (const std::string& nested :
             {"ev, s=(GstCaps)" + in_quotes(text + hidden), "ev, s=(structure)" + in_quotes(text + hidden),
              "taglist, image=(sample)AAAA:" + base64(text + hidden) + ":None:None"})
            EXPECT_FALSE(TextScan(nested).parseable()) << nested.substr(0, 60);
    }
    for (const char* text :
         {"a/b(memory:x, meta:y), a=1", "ev, s=(GstCaps)[a/b(memory:x), l={ 1, 2 }; c/d], a=1",
          "ev, s=(structure)[in, x=(string)\"a [b]\";], a=1",
          "ev, s=(structure){ [in, x=[q, p=1];], [in2] }, a=1"})
        EXPECT_TRUE(TextScan(text).parseable()) << text;
}

TEST(TextScan, TheNamesOfATextAreBounded) {
    const std::string filler(1000, 'x');
    std::string text = "ev";
    for (int i = 0; i < 2000; i++) text += ", n" + std::to_string(i) + filler + "=1";
    const TextScan scan(text);
    EXPECT_EQ(scan.fault(), TextFault::many_names);
    size_t size = 0;
    for (const std::string& name : scan.names()) size += name.size();
    EXPECT_LE(size, NameBudget::bytes_max + 2 * filler.size());
}

TEST(TextScan, StopsAtALimit) {
    const TextScan scan(with_fields(100'000));
    EXPECT_LE(scan.names().size(), TextScan::fields_max + 2);
}

TEST(TextScan, TextInQuotesIsNoWork) {
    EXPECT_TRUE(TextScan("taglist, comment=(string)" + in_quotes(with_fields(100'000))).parseable());
    EXPECT_TRUE(TextScan("taglist, comment=(string)" + in_quotes(std::string(5000, '{'))).parseable());
}

TEST(TextScan, TheDepthIsBounded) {
    std::string text = "inner, a=1";
    for (unsigned i = 0; i <= TextScan::depth_max; i++) text = "ev, s=(structure)" + in_quotes(text);
    EXPECT_FALSE(TextScan(text).parseable());
    for (const char opening : {'{', '[', '<'})
        EXPECT_FALSE(TextScan("ev, a=" + std::string(TextScan::openings_max + 1, opening)).parseable());
}

TEST(TextScan, FindsEveryNameThatTheParserKeeps) {
    int number = 0;
    size_t forms_kept = 0;
    const auto fresh = [&] { return "scanName" + std::to_string(number++); };
    // Each text has its name at the place of the "%".
    const std::vector<std::string> forms{
        "%",
        "ev, %=1",
        "ev, % = (int) 1",
        "ev, a=\"x \\\" y\", %=1",
        "a/b(memory:x%), a=1",
        "a/b; %",
        "a/b; c/d, %=1",
        "ev, s=[%, a=1]",
        "ev, s=[in, %=1]",
        "ev, s=(structure)%",
        "ev, s=(structure)\"%\"",
        "ev, s=(structure)\"in\\,\\ %\\=1\\;\"",
        "ev, s=(structure)\"in\\054\\040%\\0751\"",
        "ev, s=(structure){ \"one\", \"%\" }",
        "ev, s=(structure){ [in, a=1], % }",
        "ev, s=(GstCaps)\"a/b\\,\\ %\\=1\"",
        "ev, s=(taglist)\"taglist\\,\\ %\\=1\"",
        "ev, s=(structure)\"in\\,\\ t\\=\\(structure\\)\\\"%\\\\\\,\\\\\\ b\\\\\\=1\\\"\"",
        "ev, f=(GstCapsFeatures)\"memory:a\\,\\ memory:%\"",
        "ev, f=(GstCapsFeatures)memory:%",
        "ev, %\\ =1",
        "ev, s=(structure)[in, %;]",
        "ev, %\\ \\  =1",
        "ev, \\ %=1",
        "a/b(memory:x, memory:%), a=1",
        "a/b(%), a=1",
        "a/b; \"%\", a=1",
        "ev, s={ (structure)%, (int)3 }",
        "ev, s=(structure){ a, { b, % } }",
        "ev, s=(GstCaps){ [a/b, a=1], % }",
        "ev, s=(GstCaps)[a/b; c/d, %=1]",
        "ev, s=[in, x=(string)\"[]\", y=[in2, %=1]]",
        "ev, s=(structure)\"\\\"%\\\"\\,\\ a\\=1\"",
    };
    for (const std::string& form : forms) {
        const std::string name = fresh();
        std::string text = form;
        text.replace(text.find('%'), 1, name);
        const auto of_feature = [&](const std::string& prefix) { return prefix + name; };
        const TextScan scan(text);
        EXPECT_TRUE(scan.parseable()) << text;
        gchar* end = nullptr;  // not all of the text need be one structure
        if (GstStructure* parsed = gst_structure_from_string(text.c_str(), &end)) gst_structure_free(parsed);
        if (GstCaps* parsed = gst_caps_from_string(text.c_str())) gst_caps_unref(parsed);
        bool kept = false;
        for (const std::string& possible : {name, of_feature("memory:x"), of_feature("memory:")}) {
            if (g_quark_try_string(possible.c_str()) == 0) continue;
            kept = true;
            EXPECT_TRUE(scan.names().contains(possible)) << text;
        }
        forms_kept += kept;
    }
    if (test::parser_interns_names()) {
        EXPECT_GE(forms_kept, forms.size() / 2) << "the forms are those that the parser reads";
    }
    const std::string name = fresh();
    const std::string sample =
        "taglist, image=(sample)AAAA:" + base64("image/png, " + name + "=1") + ":None:None";
    EXPECT_TRUE(TextScan(sample).names().contains(name));
}

TEST(TextScan, ValuesAreNoNames) {
    const TextScan scan(
        "video/x-h264, codec_data=(buffer)0164, framerate=30/1, formats=(string){ NV12, I420 }, "
        "title=(string)\"a b=c, d\", streamheader=(buffer)< 4f707573, 54616773 >, s=(structure){ [in, "
        "x=(int)77, "
        "y=word], 9x }, n=(double)-88, w=other, c=(GstCaps)\"a/b\\,\\ width\\=\\(int\\)99\"");
    EXPECT_TRUE(scan.parseable());
    for (const char* value : {"0164", "30/1", "NV12", "I420", "b", "d", "4f707573", "54616773", "77", "word",
                              "-88", "other", "99", "9x"})
        EXPECT_FALSE(scan.names().contains(value)) << value;
}

TEST(TextScan, OnlyTextInUtf8ThatBeginsLikeANameIsParseable) {
    for (const char* text : {"", " a", "1a", ", a=1", "a\xff"}) EXPECT_FALSE(TextScan(text).parseable());
}

TEST(NameBudget, CountsEachNewNameOnce) {
    NameBudget budget;
    EXPECT_TRUE(budget.take({"budget-name-1", "budget-name-2"}));
    const size_t used = budget.used();
    EXPECT_EQ(used, 2 * (13 + NameBudget::overhead));
    EXPECT_TRUE(budget.take({"budget-name-1"}));
    g_quark_from_string("budget-name-3");
    EXPECT_TRUE(budget.take({"budget-name-3"}));
    EXPECT_EQ(budget.used(), used);
    EXPECT_FALSE(budget.take({"budget-name-4", std::string(NameBudget::bytes_max, 'x')}));
    EXPECT_TRUE(budget.exceeded());
    EXPECT_EQ(budget.used(), used) << "what is refused is not counted";
    budget.start();
    EXPECT_FALSE(budget.exceeded());
    EXPECT_EQ(budget.used(), 0u);
}

TEST(NameBudget, TheProcessHasALimitForAllRuns) {
    std::atomic<size_t> in_process = 0;
    NameBudget budget(in_process), other(in_process);
    const std::string filler(NameBudget::bytes_max / 2, 'p');
    const auto fill = [&](NameBudget& filled, int i) { return filled.take({std::to_string(i) + filler}); };
    int taken = 0;
    for (; taken < 100; taken++) {
        budget.start();
        if (!fill(budget, taken)) break;
    }
    EXPECT_EQ(taken, 31) << "32 would exceed the limit by their overhead";
    EXPECT_TRUE(budget.exceeded());
    EXPECT_FALSE(fill(other, 1000));
    EXPECT_TRUE(other.exceeded());
    EXPECT_TRUE(other.take({"GstCaps"})) << "what is known costs nothing";
    EXPECT_LE(in_process, NameBudget::process_bytes_max);
}

TEST(NameBudget, NumbersInNestedStructuresCostNothing) {
    std::atomic<size_t> in_process = 0;
    TextParser parser{NameBudget(in_process)};
    for (int i = 0; i < 100'000; i++) {
        const std::string number = std::to_string(i);
        const StructurePtr structure = parser.structure(
            "numbers, n=(int)" + number + ", s=(structure)\"in\\,\\ x\\=\\(int\\)" + number +
            "\\,\\ y\\=\\(double\\)-" + number + ".5\\;\", z=" + number + "/7, w=w" + number);
        ASSERT_TRUE(structure) << i;
    }
    EXPECT_LT(in_process, 4096u);
}

TEST(NameBudget, BoundsWhatAPeerBringsIn) {
    static int repetition = 0;  // of the test, as GLib keeps the names
    const std::string prefix = "bounded-" + std::to_string(repetition++) + '-';
    std::atomic<size_t> in_process = 0;
    TextParser parser{NameBudget(in_process)};
    const std::string filler(50, 'y');
    for (int i = 0; i < 100'000; i++) {
        const StructurePtr structure = parser.structure("ev, " + prefix + std::to_string(i) + filler + "=1");
        EXPECT_EQ(structure == nullptr, parser.names().exceeded());
    }
    EXPECT_LE(parser.names().used(), NameBudget::bytes_max);
    size_t kept = 0;
    for (int i = 0; i < 100'000; i++) {
        const std::string name = prefix + std::to_string(i) + filler;
        if (g_quark_try_string(name.c_str()) != 0) kept += name.size();
    }
    EXPECT_EQ(kept > 0, test::parser_interns_names());
    EXPECT_LE(kept, NameBudget::bytes_max);
}

}  // namespace
}  // namespace stt
