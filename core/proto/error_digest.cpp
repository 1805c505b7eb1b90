// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/error_digest.hpp"

#include <algorithm>
#include <utility>

namespace stt {

bool ErrorDigest::admit(Time now, const Error& error, const std::string& stranger) {
    const auto over = [now](const auto& entry) {
        return entry.second.period_end <= now && !entry.second.counted;
    };
    std::erase_if(kinds_, over);
    Key key{error.code, error.sub_code, error.reason, !stranger.empty()};
    if (!kinds_.contains(key) && kinds_.size() >= kinds_max - 1) key = {};
    const auto [at, fresh] = kinds_.try_emplace(std::move(key));
    Kind& kind = at->second;
    if (fresh) kind.period_end = now + period;
    if (kind.told < burst) {
        kind.told++;
        return true;
    }
    kind.counted++;
    kind.last = error;
    kind.stranger = stranger;
    return false;
}

ErrorDigest::Summary ErrorDigest::take(Kind& kind) {
    return {std::move(kind.last), std::move(kind.stranger), std::exchange(kind.counted, 0)};
}

std::optional<ErrorDigest::Summary> ErrorDigest::take_due(Time now) {
    for (auto& [key, kind] : kinds_) {
        if (kind.counted == 0 || kind.period_end > now) continue;
        // The storm is assumed to continue, so the next period begins without reports that are made at once.
        kind.period_end = now + period;
        kind.told = burst;
        return take(kind);
    }
    return std::nullopt;
}

std::optional<ErrorDigest::Summary> ErrorDigest::take_any() {
    for (auto& [key, kind] : kinds_) {
        if (kind.counted > 0) return take(kind);
    }
    return std::nullopt;
}

Time ErrorDigest::deadline() const {
    Time next = time_never;
    for (const auto& [key, kind] : kinds_) {
        if (kind.counted > 0) next = std::min(next, kind.period_end);
    }
    return next;
}

}  // namespace stt
