// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/hint.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace stt {
namespace {

// The error reference: codes, names and what may follow. Held here apart from the table, so that neither
// changes unseen.
const std::map<uint16_t, std::pair<std::string_view, RecoveryClass>> reference{
    {0x0101, {"CONNECTION_TIMEOUT", RecoveryClass::retry}},
    {0x0102, {"CONNECTION_REFUSED", RecoveryClass::fix_config}},
    {0x0103, {"AUTHENTICATION_FAILED", RecoveryClass::fatal}},
    {0x0104, {"NETWORK_UNREACHABLE", RecoveryClass::fix_config}},
    {0x0105, {"PROTOCOL_VERSION_MISMATCH", RecoveryClass::fatal}},
    {0x0201, {"SESSION_CLOSED", RecoveryClass::retry}},
    {0x0202, {"SESSION_TIMEOUT", RecoveryClass::retry}},
    {0x0203, {"TOO_MANY_SESSIONS", RecoveryClass::retry}},
    {0x0204, {"SESSION_NOT_FOUND", RecoveryClass::retry}},
    {0x0301, {"STREAM_CLOSED", RecoveryClass::retry}},
    {0x0302, {"TOO_MANY_STREAMS", RecoveryClass::fix_config}},
    {0x0303, {"STREAM_ID_CONFLICT", RecoveryClass::fix_config}},
    {0x0304, {"FLOW_CONTROL_VIOLATION", RecoveryClass::fatal}},
    {0x0401, {"INVALID_FRAME", RecoveryClass::automatic}},
    {0x0402, {"ENCRYPTION_ERROR", RecoveryClass::fatal}},
    {0x0403, {"CHECKSUM_MISMATCH", RecoveryClass::automatic}},
    {0x0404, {"UNKNOWN_FRAME_TYPE", RecoveryClass::automatic}},
    {0x0405, {"HANDSHAKE_FAILURE", RecoveryClass::retry}},
    {0x0501, {"UDP_SEND_FAILED", RecoveryClass::retry}},
    {0x0502, {"WEBSOCKET_CLOSED", RecoveryClass::retry}},
    {0x0503, {"WEBSOCKET_HANDSHAKE_FAILED", RecoveryClass::fix_config}},
    {0x0504, {"TLS_ERROR", RecoveryClass::fix_config}},
    {0x0580, {"PATH_LOSS", RecoveryClass::automatic}},  // this project's own
    {0x0601, {"TIMEOUT", RecoveryClass::retry}},
    {0x0602, {"BUFFER_OVERFLOW", RecoveryClass::fix_config}},
    {0x0603, {"RESOURCE_EXHAUSTED", RecoveryClass::fix_config}},
};

TEST(Error, TableIsTheReference) {
    ASSERT_EQ(error_table().size(), reference.size());
    auto expected = reference.begin();
    for (const ErrorInfo& row : error_table()) {
        EXPECT_EQ(static_cast<uint16_t>(row.code), expected->first);
        EXPECT_EQ(row.name, expected->second.first);
        EXPECT_EQ(row.recovery, expected->second.second) << row.name;
        expected++;
    }
}

TEST(Error, CategoryFollowsFromTheHighByte) {
    const std::map<int, std::string_view> categories{{1, "connection"}, {2, "session"},   {3, "stream"},
                                                     {4, "protocol"},   {5, "transport"}, {6, "application"}};
    for (const ErrorInfo& row : error_table()) {
        EXPECT_EQ(row.category, categories.at(static_cast<int>(row.code) >> 8)) << row.name;
    }
}

TEST(Error, WhatOnlyAPersonCanMendIsNotRetried) {
    const std::set<ErrorCode> not_retried{
        ErrorCode::stream_closed,
        ErrorCode::authentication_failed,
        ErrorCode::protocol_version_mismatch,
        ErrorCode::too_many_streams,
        ErrorCode::stream_id_conflict,
        ErrorCode::flow_control_violation,
        ErrorCode::encryption_error,
        ErrorCode::tls_error,
    };
    for (const ErrorInfo& row : error_table()) {
        EXPECT_EQ(row.retried, !not_retried.contains(row.code)) << row.name;
        if (row.recovery == RecoveryClass::fatal) {
            EXPECT_FALSE(row.retried) << row.name;
        }
    }
}

TEST(Error, EveryRowTellsCauseAndRemedyInASentence) {
    std::set<std::string_view> hints;
    for (const ErrorInfo& row : error_table()) {
        for (std::string_view sentence : {row.retry_reason, row.cause, row.hint}) {
            EXPECT_GT(sentence.size(), 30u) << row.name;
            EXPECT_TRUE(isupper(static_cast<unsigned char>(sentence.front()))) << row.name;
            EXPECT_EQ(sentence.back(), '.') << row.name;
            EXPECT_EQ(sentence.find("  "), std::string_view::npos) << row.name;
        }
        hints.insert(row.hint);
    }
    EXPECT_EQ(hints.size(), error_table().size());
}

TEST(Error, FindsEveryCodeAndNoOther) {
    for (unsigned code = 0; code <= 0xffff; code++) {
        const ErrorInfo* row = find_error(static_cast<ErrorCode>(code));
        const auto expected = reference.find(static_cast<uint16_t>(code));
        ASSERT_EQ(row != nullptr, expected != reference.end()) << code;
        if (row != nullptr) {
            EXPECT_EQ(static_cast<unsigned>(row->code), code);
        }
    }
    EXPECT_EQ(error_name(ErrorCode::invalid_frame), "INVALID_FRAME");
    EXPECT_EQ(error_name(ErrorCode::none), "UNKNOWN");
}

TEST(Error, EveryCauseHasAHintOfItsOwn) {
    for (const ErrorCause& cause : error_causes()) {
        Error error;
        error.code = cause.code;
        error.reason = cause.reason;
        EXPECT_EQ(hint_for(error), cause.hint) << reason_name(cause.reason) << ": there twice";
        if (cause.lasting) {
            EXPECT_FALSE(is_retried(error)) << reason_name(cause.reason);
            EXPECT_FALSE(may_work_later(error)) << reason_name(cause.reason);
        }
        EXPECT_GT(cause.hint.size(), 30u) << reason_name(cause.reason);
        EXPECT_TRUE(isupper(static_cast<unsigned char>(cause.hint.front()))) << reason_name(cause.reason);
        EXPECT_EQ(cause.hint.back(), '.') << reason_name(cause.reason);
        if (cause.code == ErrorCode::none) continue;
        ASSERT_NE(find_error(cause.code), nullptr) << reason_name(cause.reason);
        EXPECT_NE(cause.hint, find_error(cause.code)->hint) << reason_name(cause.reason);
    }
}

TEST(Error, AListenerIsToldWhatAListenerCanDo) {
    for (const ErrorCause& cause : listener_causes()) {
        Error error;
        error.code = cause.code;
        error.reason = cause.reason;
        EXPECT_EQ(hint_for(error, false), cause.hint) << reason_name(cause.reason);
        EXPECT_EQ(hint_for(error, true), hint_for(error)) << reason_name(cause.reason);
        EXPECT_NE(hint_for(error), cause.hint) << reason_name(cause.reason);
        EXPECT_GT(cause.hint.size(), 30u) << reason_name(cause.reason);
    }
    const Error closed =
        make_error(ErrorCode::connection_refused, Reason::port_closed, ErrorOrigin::network, {});
    EXPECT_NE(hint_for(closed, true).find("Start the listener"), std::string_view::npos);
    EXPECT_EQ(hint_for(closed, false).find("listener"), std::string_view::npos);
    const Error busy = make_error(ErrorCode::too_many_sessions, Reason::busy, ErrorOrigin::local, {});
    EXPECT_EQ(hint_for(busy, false), hint_for(busy)) << "which is for both";
}

TEST(Error, OtherReasonsAreAsTheirCodeHasIt) {
    for (const ErrorInfo& row : error_table()) {
        // Of another code it would be a lasting one.
        for (const Reason reason : {Reason::none, Reason::no_such_file}) {
            Error error;
            error.code = row.code;
            error.reason = reason;
            EXPECT_EQ(hint_for(error), row.hint) << row.name;
            EXPECT_EQ(is_retried(error), row.retried) << row.name;
            EXPECT_EQ(may_work_later(error), row.retried || row.recovery == RecoveryClass::retry) << row.name;
        }
    }
    Error setting;
    setting.reason = Reason::memory_feature;
    EXPECT_EQ(hint_for(setting), "") << "its text says what to do";
    EXPECT_FALSE(is_retried(setting));
    EXPECT_FALSE(may_work_later(setting));
}

}  // namespace
}  // namespace stt
