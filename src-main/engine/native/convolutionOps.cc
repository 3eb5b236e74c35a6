// The convolutions of winogradConvolution.cc, stridedConvolution.cc, polyphaseConvolution.cc and stemConvolution.cc as
// TensorFlow ops, registered when the addon is loaded.
#include "tensorflow/c/ops.h"

// What is used of tensorflow/c/kernels.h, which itself needs headers that the installer does not unpack.
extern "C" {
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;
struct TF_KernelBuilder;
TF_KernelBuilder* TF_NewKernelBuilder(const char* op, const char* device, void* (*create)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*));
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder* builder, TF_Status* status);
void TF_GetInput(TF_OpKernelContext* context, int index, TF_Tensor** tensor, TF_Status* status);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* context, int index, TF_DataType type, const int64_t* sizes, int rank,
                             size_t bytes, TF_Status* status);
void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status);
void TF_OpKernelConstruction_GetAttrInt32(TF_OpKernelConstruction* context, const char* name, int32_t* value,
                                          TF_Status* status);
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction* context, TF_Status* status);
}

namespace native {

struct Status {
  TF_Status* it = TF_NewStatus();
  ~Status() { TF_DeleteStatus(it); }
  bool ok() const { return TF_GetCode(it) == TF_OK; }
};

struct Input {
  TF_Tensor* it = nullptr;
  Input(TF_OpKernelContext* context, int index, TF_Status* status) { TF_GetInput(context, index, &it, status); }
  ~Input() { TF_DeleteTensor(it); }
  long size(int axis) const { return TF_Dim(it, axis); }
  const float* data() const { return static_cast<const float*>(TF_TensorData(it)); }
};

/** Runs body(first, second, result) on two tensors of rank 4; `sizesOf` reads them and tells the sizes of the result,
 * none where their channels do not fit. */
template <class SizesOf, class Body>
void compute(TF_OpKernelContext* context, SizesOf sizesOf, Body body) {
  Status status;
  const Input first(context, 0, status.it), second(context, 1, status.it);
  if (status.ok() && (TF_NumDims(first.it) != 4 || TF_NumDims(second.it) != 4))
    TF_SetStatus(status.it, TF_INVALID_ARGUMENT, "A convolution takes two tensors of rank 4.");
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const std::vector<int64_t> sizes = sizesOf(first, second);
  if (sizes.empty()) {
    TF_SetStatus(status.it, TF_INVALID_ARGUMENT, "This convolution takes multiples of 64 channels.");
    return TF_OpKernelContext_Failure(context, status.it);
  }
  TF_Tensor* output = TF_AllocateOutput(context, 0, TF_FLOAT, sizes.data(), 4,
                                        sizes[0] * sizes[1] * sizes[2] * sizes[3] * sizeof(float), status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  body(first.data(), second.data(), static_cast<float*>(TF_TensorData(output)));
  TF_DeleteTensor(output);
}

/** Sizes, or none where one of two channel counts is no multiple of 64. */
inline std::vector<int64_t> sizesWhere(long channels, long others, std::initializer_list<int64_t> sizes) {
  return channels % kBlock == 0 && others % kBlock == 0 ? std::vector<int64_t>(sizes) : std::vector<int64_t>();
}

void computeConvolution(void*, TF_OpKernelContext* context) {
  winograd::Shape shape;
  compute(
      context,
      [&](const Input& images, const Input& filter) {
        shape = {images.size(0), images.size(1), images.size(2), images.size(3), filter.size(3)};
        return sizesWhere(shape.inputs, shape.outputs, {shape.batch, shape.height, shape.width, shape.outputs});
      },
      [&](const float* images, const float* filter, float* result) {
        winograd::convolve(shape, images, filter, result);
      });
}

void computeInputGradient(void*, TF_OpKernelContext* context) {
  winograd::Shape shape;  // of the convolution that gives the gradient: its inputs are the gradients of the result
  compute(
      context,
      [&](const Input& gradients, const Input& filter) {
        shape = {gradients.size(0), gradients.size(1), gradients.size(2), gradients.size(3), filter.size(2)};
        return sizesWhere(shape.inputs, shape.outputs, {shape.batch, shape.height, shape.width, shape.outputs});
      },
      [&](const float* gradients, const float* filter, float* result) {
        winograd::inputGradient(shape, gradients, filter, result);
      });
}

void computeFilterGradient(void*, TF_OpKernelContext* context) {
  winograd::Shape shape;
  compute(
      context,
      [&](const Input& images, const Input& gradients) {
        shape = {images.size(0), images.size(1), images.size(2), images.size(3), gradients.size(3)};
        return sizesWhere(shape.inputs, shape.outputs, {3, 3, shape.inputs, shape.outputs});
      },
      [&](const float* images, const float* gradients, float* result) {
        winograd::filterGradient(shape, images, gradients, result);
      });
}

/** The attributes of the strided convolutions; `kernel`, and `height` and `width` of the images, are told to the
 * gradients alone. */
struct StridedAttributes {
  int32_t stride = 0, padding = 0, kernel = 0, height = 0, width = 0;
};

template <bool gradient>
void* createStrided(TF_OpKernelConstruction* context) {
  auto* attributes = new StridedAttributes();
  Status status;
  const auto read = [&](const char* name, int32_t* value) {
    if (status.ok())
      TF_OpKernelConstruction_GetAttrInt32(context, name, value, status.it);
  };
  read("stride", &attributes->stride);
  read("padding", &attributes->padding);
  if (gradient)
    read("kernel", &attributes->kernel), read("height", &attributes->height), read("width", &attributes->width);
  if (!status.ok())
    TF_OpKernelConstruction_Failure(context, status.it);
  return attributes;
}

void computeStrided(void* kernel, TF_OpKernelContext* context) {
  const auto& of = *static_cast<StridedAttributes*>(kernel);
  strided::Shape shape;
  compute(
      context,
      [&](const Input& images, const Input& filter) {
        shape = {images.size(0), images.size(1), images.size(2), images.size(3),
                 filter.size(3), filter.size(0), of.stride,      of.padding};
        return sizesWhere(0, shape.outputs, {shape.batch, shape.down(), shape.across(), shape.outputs});
      },
      [&](const float* images, const float* filter, float* result) {
        (stem::fits(shape)        ? stem::convolve
         : polyphase::fits(shape) ? polyphase::convolve
                                  : strided::convolve)(shape, images, filter, result);
      });
}

void computeStridedInputGradient(void* kernel, TF_OpKernelContext* context) {
  const auto& of = *static_cast<StridedAttributes*>(kernel);
  strided::Shape shape;
  compute(
      context,
      [&](const Input& gradients, const Input& filter) {
        shape = {gradients.size(0), of.height, of.width,  filter.size(2),
                 filter.size(3),    of.kernel, of.stride, of.padding};
        return sizesWhere(shape.inputs, shape.outputs, {shape.batch, shape.height, shape.width, shape.inputs});
      },
      [&](const float* gradients, const float* filter, float* result) {
        (polyphase::fits(shape) ? polyphase::inputGradient : strided::inputGradient)(shape, gradients, filter, result);
      });
}

void computeStridedFilterGradient(void* kernel, TF_OpKernelContext* context) {
  const auto& of = *static_cast<StridedAttributes*>(kernel);
  strided::Shape shape;
  compute(
      context,
      [&](const Input& images, const Input& gradients) {
        shape = {images.size(0),    images.size(1), images.size(2), images.size(3),
                 gradients.size(3), of.kernel,      of.stride,      of.padding};
        return sizesWhere(0, shape.outputs, {shape.kernel, shape.kernel, shape.inputs, shape.outputs});
      },
      [&](const float* images, const float* gradients, float* result) {
        (stem::fits(shape)        ? stem::filterGradient
         : polyphase::fits(shape) ? polyphase::filterGradient
                                  : strided::filterGradient)(shape, images, gradients, result);
      });
}

/** What TensorFlow is told of an op: its operands, results and attributes in the words of TF_OpDefinitionBuilder, and
 * its kernel. */
struct OpDefinition {
  std::vector<const char*> inputs, outputs, attributes;
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
};

void registerOp(const char* name, const OpDefinition& definition) {
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(name);
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
        name, TF_NewKernelBuilder(name, "CPU", definition.create, definition.compute, definition.destroy), status.it);
}

/** Without AVX2 there are no kernels and so no ops: the engine then uses TensorFlow's own. */
const bool registered = [] {
  if (!hasKernels())
    return false;
  registerOp("WinogradConv2D",
             {{"images: float", "filter: float"}, {"result: float"}, {}, nullptr, computeConvolution, nullptr});
  registerOp("WinogradConv2DBackpropInput",
             {{"gradients: float", "filter: float"}, {"result: float"}, {}, nullptr, computeInputGradient, nullptr});
  registerOp("WinogradConv2DBackpropFilter",
             {{"images: float", "gradients: float"}, {"result: float"}, {}, nullptr, computeFilterGradient, nullptr});
  const std::vector<const char*> forward = {"stride: int", "padding: int"},
                                 gradient = {"stride: int", "padding: int", "kernel: int", "height: int", "width: int"};
  const auto destroy = [](void* attributes) { delete static_cast<StridedAttributes*>(attributes); };
  registerOp(
      "StridedConv2D",
      {{"images: float", "filter: float"}, {"result: float"}, forward, createStrided<false>, computeStrided, destroy});
  registerOp("StridedConv2DBackpropInput", {{"gradients: float", "filter: float"},
                                            {"result: float"},
                                            gradient,
                                            createStrided<true>,
                                            computeStridedInputGradient,
                                            destroy});
  registerOp("StridedConv2DBackpropFilter", {{"images: float", "gradients: float"},
                                             {"result: float"},
                                             gradient,
                                             createStrided<true>,
                                             computeStridedFilterGradient,
                                             destroy});
  return true;
}();

}  // namespace native
