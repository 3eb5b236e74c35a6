// Batch normalisation, rectifier and max pooling in one, as behind the first layer of a ResNet: what lies between them,
// the largest of all activations, is neither written nor read, and the gradient goes back through all three in two
// passes.
#pragma once

#include <vector>
#include "opKernel.h"

namespace native {

/** Batch normalisation, rectifier and max pooling in one as TensorFlow ops. */
std::vector<OpDefinition> pooledBatchNormOps();

}  // namespace native
