// The convolutions of winogradConvolution.cc as TensorFlow ops, registered when the addon is loaded.
#include "tensorflow/c/ops.h"

// What is used of tensorflow/c/kernels.h, which itself needs headers that the installer does not unpack.
extern "C" {
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;
struct TF_KernelBuilder;
TF_KernelBuilder *TF_NewKernelBuilder(const char *op, const char *device, void *(*create)(TF_OpKernelConstruction *), void (*compute)(void *, TF_OpKernelContext *), void (*destroy)(void *));
void TF_RegisterKernelBuilder(const char *name, TF_KernelBuilder *builder, TF_Status *status);
void TF_GetInput(TF_OpKernelContext *context, int index, TF_Tensor **tensor, TF_Status *status);
TF_Tensor *TF_AllocateOutput(TF_OpKernelContext *context, int index, TF_DataType type, const int64_t *sizes, int rank, size_t bytes, TF_Status *status);
void TF_OpKernelContext_Failure(TF_OpKernelContext *context, TF_Status *status);
}

namespace winograd {

struct Status {
  TF_Status *it = TF_NewStatus();
  ~Status() { TF_DeleteStatus(it); }
  bool ok() const { return TF_GetCode(it) == TF_OK; }
};

struct Input {
  TF_Tensor *it = nullptr;
  Input(TF_OpKernelContext *context, int index, TF_Status *status) { TF_GetInput(context, index, &it, status); }
  ~Input() { TF_DeleteTensor(it); }
  long size(int axis) const { return TF_Dim(it, axis); }
  const float *data() const { return static_cast<const float *>(TF_TensorData(it)); }
};

/** Runs body(first, second, output) where both inputs have rank 4 and the filter is 3x3; shapes come from `shapeOf`. */
template <class ShapeOf, class Body>
void compute(TF_OpKernelContext *context, ShapeOf shapeOf, Body body) {
  Status status;
  const Input first(context, 0, status.it), second(context, 1, status.it);
  if (status.ok() && (TF_NumDims(first.it) != 4 || TF_NumDims(second.it) != 4)) TF_SetStatus(status.it, TF_INVALID_ARGUMENT, "Winograd convolution takes two tensors of rank 4.");
  if (!status.ok()) return TF_OpKernelContext_Failure(context, status.it);
  int64_t sizes[4];
  const Shape shape = shapeOf(first, second, sizes);
  if (shape.inputs % 64 != 0 || shape.outputs % 64 != 0) {
    TF_SetStatus(status.it, TF_INVALID_ARGUMENT, "Winograd convolution takes multiples of 64 channels.");
    return TF_OpKernelContext_Failure(context, status.it);
  }
  TF_Tensor *output = TF_AllocateOutput(context, 0, TF_FLOAT, sizes, 4, sizes[0] * sizes[1] * sizes[2] * sizes[3] * sizeof(float), status.it);
  if (!status.ok()) return TF_OpKernelContext_Failure(context, status.it);
  body(shape, first.data(), second.data(), static_cast<float *>(TF_TensorData(output)));
  TF_DeleteTensor(output);
}

void computeConvolution(void *, TF_OpKernelContext *context) {  // images, filter
  compute(context, [](const Input &images, const Input &filter, int64_t *sizes) {
    const Shape shape = {images.size(0), images.size(1), images.size(2), images.size(3), filter.size(3)};
    std::copy_n(std::initializer_list<int64_t>{shape.batch, shape.height, shape.width, shape.outputs}.begin(), 4, sizes);
    return shape;
  }, convolve);
}

void computeInputGradient(void *, TF_OpKernelContext *context) {  // gradients of the result, filter
  compute(context, [](const Input &gradients, const Input &filter, int64_t *sizes) {
    const Shape shape = {gradients.size(0), gradients.size(1), gradients.size(2), gradients.size(3), filter.size(2)};
    std::copy_n(std::initializer_list<int64_t>{shape.batch, shape.height, shape.width, shape.outputs}.begin(), 4, sizes);
    return shape;
  }, [](const Shape &shape, const float *gradients, const float *filter, float *result) {
    const Scratch turned(9 * shape.inputs * shape.outputs);
    turnFilter(filter, shape.outputs, shape.inputs, turned.data());
    convolve(shape, gradients, turned.data(), result);
  });
}

void computeFilterGradient(void *, TF_OpKernelContext *context) {  // images, gradients of the result
  compute(context, [](const Input &images, const Input &gradients, int64_t *sizes) {
    const Shape shape = {images.size(0), images.size(1), images.size(2), images.size(3), gradients.size(3)};
    std::copy_n(std::initializer_list<int64_t>{3, 3, shape.inputs, shape.outputs}.begin(), 4, sizes);
    return shape;
  }, filterGradient);
}

void registerOp(const char *name, const char *first, const char *second, void (*computeOp)(void *, TF_OpKernelContext *)) {
  TF_OpDefinitionBuilder *op = TF_NewOpDefinitionBuilder(name);
  TF_OpDefinitionBuilderAddInput(op, first);
  TF_OpDefinitionBuilderAddInput(op, second);
  TF_OpDefinitionBuilderAddOutput(op, "result: float");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, [](TF_ShapeInferenceContext *context, TF_Status *status) { TF_ShapeInferenceContextSetUnknownShape(context, status); });
  Status status;
  TF_RegisterOpDefinition(op, status.it);
  if (status.ok()) TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", nullptr, computeOp, nullptr), status.it);
}

/** Without AVX2 there are no kernels and so no ops: the engine then uses TensorFlow's own convolutions. */
const bool registered = [] {
  if (!kernels()) return false;
  registerOp("WinogradConv2D", "images: float", "filter: float", computeConvolution);
  registerOp("WinogradConv2DBackpropInput", "gradients: float", "filter: float", computeInputGradient);
  registerOp("WinogradConv2DBackpropFilter", "images: float", "gradients: float", computeFilterGradient);
  return true;
}();

}  // namespace winograd
