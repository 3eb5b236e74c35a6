// Batch normalisation, rectifier and the convolution behind them as one op, and its gradient: a depthwise convolution,
// or one of 1x1.
#pragma once

#include <vector>
#include "opKernel.h"

namespace native {

std::vector<OpDefinition> normalisedOps();

}  // namespace native
