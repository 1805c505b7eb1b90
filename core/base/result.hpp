// SPDX-License-Identifier: LGPL-2.1-or-later
/// A value or an Error. No exception leaves core/.
#pragma once

#include <utility>
#include <variant>

#include "core/base/error.hpp"

namespace stt {

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return content_.index() == 0; }
    explicit operator bool() const { return ok(); }
    /// Requires ok().
    T& value() { return *std::get_if<0>(&content_); }
    const T& value() const { return *std::get_if<0>(&content_); }
    T& operator*() { return value(); }
    const T& operator*() const { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    /// Requires !ok().
    Error& error() { return *std::get_if<1>(&content_); }
    const Error& error() const { return *std::get_if<1>(&content_); }

  private:
    std::variant<T, Error> content_;
};

/// Success without a value, or an Error.
using Status = Result<std::monostate>;
inline Status success() { return std::monostate{}; }

}  // namespace stt
