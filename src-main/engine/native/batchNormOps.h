#pragma once

#include <vector>
#include "opKernel.h"

namespace native {

/** Batch normalisation and the optimiser's step as TensorFlow ops. */
std::vector<OpDefinition> batchNormOps();

}  // namespace native
