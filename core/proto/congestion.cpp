// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/congestion.hpp"

#include "core/proto/bbr.hpp"
#include "core/proto/cubic.hpp"

namespace stt {

std::unique_ptr<CongestionController> make_congestion_controller(CongestionAlgorithm algorithm,
                                                                 uint64_t max_datagram) {
    if (algorithm == CongestionAlgorithm::cubic) return std::make_unique<Cubic>(max_datagram);
    return std::make_unique<Bbr>(max_datagram);
}

}  // namespace stt
