// SPDX-License-Identifier: LGPL-2.1-or-later
/// One visitor out of several lambdas, for std::visit.
#pragma once

namespace stt {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
// clang 14 does not deduce an aggregate's arguments by itself.
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace stt
