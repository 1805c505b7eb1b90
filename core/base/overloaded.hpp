// SPDX-License-Identifier: LGPL-2.1-or-later
/// Combines several lambdas into one visitor for std::visit.
#pragma once

namespace stt {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
// Clang 14 does not deduce the template arguments of an aggregate (C++20) without this guide.
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace stt
