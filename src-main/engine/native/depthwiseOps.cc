#include "depthwiseOps.h"

#include "depthwiseConvolution.h"

namespace native {

const std::vector<const char*>& depthwiseAttributes() {
  static const std::vector<const char*> all = {"stride: int", "top: int",    "left: int",  "down: int",
                                               "across: int", "height: int", "width: int", "kernel: int"};
  return all;
}

void readDepthwise(TF_OpKernelConstruction* context, DepthwiseAttributes* attributes, TF_Status* status) {
  const auto read = [&](const char* name, int32_t* value) {
    if (TF_GetCode(status) == TF_OK)
      TF_OpKernelConstruction_GetAttrInt32(context, name, value, status);
  };
  read("stride", &attributes->stride), read("top", &attributes->top), read("left", &attributes->left);
  read("down", &attributes->down), read("across", &attributes->across);
  read("height", &attributes->height), read("width", &attributes->width), read("kernel", &attributes->kernel);
}

void* createDepthwise(TF_OpKernelConstruction* context) {
  auto* attributes = new DepthwiseAttributes();
  Status status;
  readDepthwise(context, attributes, status.it);
  if (!status.ok())
    TF_OpKernelConstruction_Failure(context, status.it);
  return attributes;
}

enum class Depthwise { result, inputGradient, filterGradient };

/** Images or gradients, then the filter or gradients. */
template <Depthwise wanted>
void computeDepthwise(void* kernel, TF_OpKernelContext* context) {
  const auto& of = *static_cast<DepthwiseAttributes*>(kernel);
  Status status;
  const Input first(context, 0, status.it), second(context, 1, status.it);
  if (status.ok())
    failUnless(TF_NumDims(first.it) == 4 && TF_NumDims(second.it) == 4, "A convolution takes two tensors of rank 4.",
               status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const bool byFilter = wanted != Depthwise::filterGradient;
  const DepthwiseSizes sizes(of, first.size(0), first.size(3));
  const auto &images = sizes.images, &filter = sizes.filter, &results = sizes.results;
  failUnless(sizes.fit() && sizesOf(first) == (wanted == Depthwise::inputGradient ? results : images) &&
                 sizesOf(second) == (byFilter ? filter : results),
             "A depthwise convolution takes multiples of 16 channels and one filter for each.", status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const auto run = [&](const std::vector<int64_t>& of, auto compute) {
    const Output output(context, 0, of, status.it);
    if (!status.ok())
      return TF_OpKernelContext_Failure(context, status.it);
    compute(sizes.shape, first.data(), second.data(), output.data());
  };
  switch (wanted) {
    case Depthwise::result:
      return run(results, depthwise::convolve);
    case Depthwise::inputGradient:
      return run(images, depthwise::inputGradient);
    case Depthwise::filterGradient:
      return run(filter, depthwise::filterGradient);
  }
}

std::vector<OpDefinition> depthwiseOps() {
  const auto destroy = [](void* of) { delete static_cast<DepthwiseAttributes*>(of); };
  const auto op = [&](const char* name, std::vector<const char*> inputs, void (*compute)(void*, TF_OpKernelContext*)) {
    return OpDefinition{name, inputs, {"result: float"}, depthwiseAttributes(), createDepthwise, compute, destroy};
  };
  return {
      op("DepthwiseConv", {"images: float", "filter: float"}, computeDepthwise<Depthwise::result>),
      op("DepthwiseConvBackpropInput", {"gradients: float", "filter: float"},
         computeDepthwise<Depthwise::inputGradient>),
      op("DepthwiseConvBackpropFilter", {"images: float", "gradients: float"},
         computeDepthwise<Depthwise::filterGradient>),
  };
}

}  // namespace native
