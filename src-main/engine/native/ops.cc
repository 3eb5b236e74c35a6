// Registers all of ArcBench's ops with TensorFlow when the addon is loaded.
#include "augmentOps.h"
#include "batchNormOps.h"
#include "convolutionOps.h"
#include "depthwiseOps.h"
#include "normalisedOps.h"
#include "opKernel.h"
#include "pooledBatchNormOps.h"
#include "vectors.h"

namespace native {

void registerOp(const OpDefinition& definition) {
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(definition.name);
  for (const char* input : definition.inputs)
    TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* output : definition.outputs)
    TF_OpDefinitionBuilderAddOutput(op, output);
  for (const char* attribute : definition.attributes)
    TF_OpDefinitionBuilderAddAttr(op, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, [](TF_ShapeInferenceContext* context, TF_Status* status) {
    TF_ShapeInferenceContextSetUnknownShape(context, status);
  });
  Status status;
  TF_RegisterOpDefinition(op, status.it);
  if (status.ok())
    TF_RegisterKernelBuilder(
        definition.name,
        TF_NewKernelBuilder(definition.name, "CPU", definition.create, definition.compute, definition.destroy),
        status.it);
}

/** On x86-64 without AVX2 there are no kernels and so no ops: the engine then uses TensorFlow's own. */
const bool registered = [] {
  if (!hasKernels())
    return false;
  for (const auto& definitions :
       {convolutionOps(), depthwiseOps(), normalisedOps(), batchNormOps(), pooledBatchNormOps(), augmentOps()})
    for (const OpDefinition& definition : definitions)
      registerOp(definition);
  return true;
}();

}  // namespace native
