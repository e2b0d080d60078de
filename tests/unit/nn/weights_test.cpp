#include "omma/nn/weights.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>

#include <cmath>

#include "omma/nn/layers.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::invalid_argument_of;

struct TwoLinears : torch::nn::Module {
  TwoLinears() : a(register_module("a", Linear(2, 3))), b(register_at(*this, "inner.b", Linear(3, 3))) {}
  Linear a, b;
};

// Keeps tensors alive beside their file.
struct File {
  std::vector<Tensor> tensors;
  std::vector<TensorView> views;
  void add(const std::string& name, const Tensor& tensor) {
    tensors.push_back(tensor.detach().contiguous().clone());
    views.push_back(view_of(tensors.back(), name));
  }
  TensorFile file() {
    std::sort(views.begin(), views.end(), [](const auto& x, const auto& y) { return x.name < y.name; });
    return TensorFile(views, {}, {});
  }
};

TEST(KeyTable, PatternsOfComponents) {
  const KeyTable table{.rules = {{"layers.*.self_attn.**", {"model.*.attn.**"}}, {"x.*.qkv", {"y.*.q", "y.*.k", "y.*.v"}}},
                       .ignored = {"*.position_ids"}};
  using Names = std::vector<std::string>;
  EXPECT_EQ(translate_key("layers.3.self_attn.out.weight", table), (Names{"model.3.attn.out.weight"}));
  EXPECT_EQ(translate_key("layers.3.self_attn", table), (Names{"layers.3.self_attn"}));  // ** is at least one component
  EXPECT_EQ(translate_key("x.0.qkv", table), (Names{"y.0.q", "y.0.k", "y.0.v"}));
  EXPECT_EQ(translate_key("bert.position_ids", table), Names{});
  EXPECT_EQ(translate_key("a.b.position_ids", table), (Names{"a.b.position_ids"}));  // * is one component
}

// The faults of loading two linear layers, one value of which is `value`, as `dtype`.
std::string fault_of_value(double value, torch::Dtype stored, torch::Dtype dtype) {
  File file;
  Tensor bias = torch::zeros({3}, stored);
  bias[1] = value;
  file.add("a.weight", torch::ones({3, 2}, stored));
  file.add("a.bias", torch::zeros({3}, stored));
  file.add("inner.b.weight", torch::ones({3, 3}, stored));
  file.add("inner.b.bias", bias);
  TwoLinears module;
  return invalid_argument_of([&] { load_weights(module, file.file(), {}, "test", {.dtype = dtype}); });
}

TEST(LoadWeights, NamesWhatIsNoNumber) {
  constexpr auto f16 = torch::kFloat16, bf16 = torch::kBFloat16, f32 = torch::kFloat32, f64 = torch::kFloat64;
  const std::string expected = "test: tensor \"inner.b.bias\": expected numbers, element 1 is NaN or infinite";
  for (const auto stored : {f16, bf16, f32, f64})
    for (const double value : {double{NAN}, double{INFINITY}, -double{INFINITY}}) {
      EXPECT_EQ(fault_of_value(value, stored, f32), expected) << value;
      EXPECT_EQ(fault_of_value(value, stored, stored), expected) << value;
    }
  EXPECT_EQ(fault_of_value(60'000, f32, f16), "");
  EXPECT_EQ(fault_of_value(70'000, f32, f16), "test: tensor \"inner.b.bias\": a value is beyond the range of Half");
  EXPECT_EQ(fault_of_value(3.4e38, f32, bf16), "test: tensor \"inner.b.bias\": a value is beyond the range of BFloat16");
  EXPECT_EQ(fault_of_value(1e300, f64, f32), "test: tensor \"inner.b.bias\": a value is beyond the range of Float");
}

// A tensor that no parameter is given stays unread.
TEST(LoadWeights, IgnoredTensorsMayHoldAnything) {
  File file;
  file.add("weight", torch::ones({3, 2}));
  file.add("bias", torch::zeros({3}));
  file.add("mask", torch::full({4}, -INFINITY));
  Linear module(2, 3);
  load_weights(*module, file.file(), {.rules = {}, .ignored = {"mask"}}, "test");
  EXPECT_TRUE(torch::equal(module->weight, torch::ones({3, 2})));
}

TEST(LoadWeights, RenamesSplitsAndConverts) {
  File file;
  const Tensor both = torch::arange(18).view({6, 3}).to(torch::kFloat32);
  file.add("w", both.to(torch::kBFloat16).narrow(0, 0, 6));
  file.add("first.weight", torch::ones({3, 2}, torch::kFloat16));
  file.add("first.bias", torch::zeros({3}));
  struct Split : torch::nn::Module {
    Split()
        : a(register_module("a", Linear(2, 3))),
          q(register_parameter("q", torch::zeros({3, 3}))),
          k(register_parameter("k", torch::zeros({3, 3}))) {}
    Linear a;
    Tensor q, k;
  } module;
  load_weights(module, file.file(), {.rules = {{"first.*", {"a.*"}}, {"w", {"q", "k"}}}, .ignored = {}}, "test");
  EXPECT_TRUE(torch::equal(module.q, both.narrow(0, 0, 3)));
  EXPECT_TRUE(torch::equal(module.k, both.narrow(0, 3, 3)));
  EXPECT_TRUE(torch::equal(module.a->weight, torch::ones({3, 2})));
}

TEST(LoadWeights, TellsEverythingWrongAtOnceAndChangesNothing) {
  TwoLinears module;
  const Tensor before = module.a->bias.detach().clone();
  File file;
  file.add("a.bias", torch::full({3}, 7.F));
  file.add("a.weight", torch::zeros({2, 3}));                  // transposed
  file.add("inner.b.bias", torch::zeros({3}, torch::kInt64));  // no floating type
  file.add("inner.c.weight", torch::zeros({3}));               // unknown; and inner.b.weight is missing
  const std::string error = invalid_argument_of([&] { load_weights(module, file.file(), {}, "model.safetensors"); });
  EXPECT_TRUE(error.starts_with("model.safetensors: ")) << error;
  EXPECT_NE(error.find("\"a.weight\": expected [3, 2], got [2, 3]"), std::string::npos) << error;
  EXPECT_NE(error.find("\"inner.b.bias\": expected a floating type, got I64"), std::string::npos) << error;
  EXPECT_NE(error.find("unexpected tensor \"inner.c.weight\""), std::string::npos) << error;
  EXPECT_NE(error.find("missing tensor \"inner.b.weight\" [3, 3]"), std::string::npos) << error;
  EXPECT_TRUE(torch::equal(module.a->bias, before));
}

TEST(LoadWeights, TiedNamesMustAgree) {
  TwoLinears module;
  const auto load = [&](float value) {
    File file;
    for (const auto& parameter : TwoLinears().named_parameters()) file.add(parameter.key(), parameter.value());
    file.add("copy.bias", torch::full({3}, value));
    file.add("other.bias", torch::full({3}, 1.F));
    std::erase_if(file.views, [](const TensorView& view) { return view.name == "a.bias"; });
    load_weights(module, file.file(), {.rules = {{"copy.*", {"a.*"}}, {"other.*", {"a.*"}}}, .ignored = {}}, "test");
  };
  load(1.F);
  EXPECT_TRUE(torch::equal(module.a->bias, torch::ones({3})));
  EXPECT_NE(invalid_argument_of([&] { load(2.F); }).find("\"copy.bias\" and \"other.bias\" both are \"a.bias\" and differ"),
            std::string::npos);
}

TEST(LoadWeights, UnequalPartsAreRefused) {
  TwoLinears module;
  File file;
  file.add("w", torch::zeros({5, 3}));
  const KeyTable table{.rules = {{"w", {"a.weight", "inner.b.weight"}}}, .ignored = {}};
  EXPECT_NE(
      invalid_argument_of([&] { load_weights(module, file.file(), table, "x"); }).find("\"w\": expected 2 equal parts, got [5, 3]"),
      std::string::npos);
}

struct WideImpl : torch::nn::Module {
  explicit WideImpl(int64_t channels)
      : a(register_module("a", Linear(channels, channels))), scale(register_parameter("scale", torch::ones({channels}))) {
    const WithMemory with_memory;
    squares = torch::arange(3).square();
  }
  Linear a;
  Tensor scale, squares;
};
TORCH_MODULE(Wide);

TEST(LoadModel, RefusesBeforeItTakesMemory) {
  File file;
  for (const auto& parameter : Wide(3)->named_parameters()) file.add(parameter.key(), parameter.value());
  const std::string error = invalid_argument_of([&] { load_model<Wide>(int64_t{1} << 30, file.file(), {}, "x"); });  // 4 EiB
  EXPECT_NE(error.find("\"a.weight\": expected [1073741824, 1073741824], got [3, 3]"), std::string::npos) << error;
  EXPECT_NE(error.find("\"scale\": expected [1073741824], got [3]"), std::string::npos) << error;
  EXPECT_TRUE(torch::zeros({1}).is_cpu());  // as before
}

TEST(LoadModel, CopiesOrMapsAndConverts) {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "model.safetensors";
  const Wide saved(3);
  save_weights(path, *saved);
  const WeightOptions map_all, decoding = {.for_decoding = true};
  auto mapped = load_model<Wide>(3, read_safetensors(path), {}, "x", map_all);
  EXPECT_FALSE(mapped->is_training());
  for (const WeightOptions& options :
       {map_all, decoding, {.dtype = torch::kBFloat16}, {.dtype = torch::kBFloat16, .for_decoding = true}}) {
    const torch::Dtype dtype = options.dtype;
    auto loaded = load_model<Wide>(3, read_safetensors(path), {}, "x", options);
    for (const auto& parameter : loaded->named_parameters()) {
      EXPECT_TRUE(torch::equal(parameter.value(), saved->named_parameters()[parameter.key()].to(dtype))) << parameter.key();
      EXPECT_TRUE(parameter.value().requires_grad() && parameter.value().is_leaf()) << parameter.key();
    }
    const Tensor x = torch::ones({2, 3}, dtype);
    loaded->a(x).sum().backward();
    EXPECT_TRUE(torch::equal(loaded->a->weight.grad(), torch::full({3, 3}, 2, dtype)));
    EXPECT_TRUE(torch::equal(loaded->squares, torch::tensor({0, 1, 4})));
  }
  const auto storage = [](const Tensor& tensor) { return tensor.storage().nbytes(); };
  EXPECT_EQ(storage(mapped->scale), 12U);
  EXPECT_GT(storage(load_model<Wide>(3, read_safetensors(path), {}, "x", decoding)->scale), 12U);  // all in one
  {
    const torch::NoGradGuard no_grad;
    mapped->scale.fill_(7);  // this process' own copy
  }
  EXPECT_TRUE(torch::equal(load_model<Wide>(3, read_safetensors(path), {}, "x")->scale, torch::ones({3})));
  save_weights(path, *mapped);  // over the file that it is mapped from
  EXPECT_TRUE(torch::equal(mapped->a->weight, saved->a->weight));
  EXPECT_TRUE(torch::equal(load_model<Wide>(3, read_safetensors(path), {}, "x")->scale, torch::full({3}, 7.F)));
}

// What cannot be mapped is copied, and no memory is taken for the rest.
TEST(LoadModel, MapsAndConvertsInOneModel) {
  const testing::TemporaryDirectory directory;
  File file;
  const Wide saved(3);
  for (const auto& parameter : saved->named_parameters())
    file.add(parameter.key(), parameter.value().to(parameter.key() == "scale" ? torch::kBFloat16 : torch::kFloat32));
  write_safetensors(directory / "model.safetensors", file.views);
  const auto loaded = load_model<Wide>(3, read_safetensors(directory / "model.safetensors"), {}, "x");
  EXPECT_EQ(loaded->a->weight.storage().nbytes(), 36U);
  EXPECT_EQ(loaded->scale.scalar_type(), torch::kFloat32);
  for (const auto& parameter : loaded->named_parameters())
    EXPECT_TRUE(torch::equal(parameter.value(), saved->named_parameters()[parameter.key()])) << parameter.key();
}

TEST(LoadModel, TiedParametersAreOneAndMustAgree) {
  struct TiedImpl : torch::nn::Module {
    explicit TiedImpl(int64_t channels) : a(register_module("a", Linear(channels, channels))) { register_module("b", a); }
    Linear a;
  };
  const auto load = [](float other_bias) {
    File file;
    for (const char* name : {"a", "b"}) {
      file.add(std::string(name) + ".weight", torch::ones({3, 3}));
      file.add(std::string(name) + ".bias", torch::full({3}, name[0] == 'a' ? 1.F : other_bias));
    }
    return load_model<torch::nn::ModuleHolder<TiedImpl>>(3, file.file(), {}, "x");
  };
  EXPECT_TRUE(torch::equal(load(1)->a->bias, torch::ones({3})));
  EXPECT_NE(invalid_argument_of([&] { load(2); }).find("\"a.bias\" and \"b.bias\" are one weight and differ"), std::string::npos);
}

// A batch norm's statistics are buffers, and its count of batches a whole number without dimensions.
TEST(LoadModel, BuffersAreWeights) {
  struct NormImpl : torch::nn::Module {
    explicit NormImpl(int64_t channels) : norm(register_module("norm", torch::nn::BatchNorm2d(channels))) {}
    torch::nn::BatchNorm2d norm;
  };
  using Norm = torch::nn::ModuleHolder<NormImpl>;
  const testing::TemporaryDirectory directory;
  const auto path = directory / "model.safetensors";
  Norm saved(3);
  saved->norm(torch::randn({2, 3, 4, 4}));
  save_weights(path, *saved, torch::kFloat16);
  for (const WeightOptions& options : {WeightOptions{}, {.dtype = torch::kBFloat16, .for_decoding = true}}) {
    const auto loaded = load_model<Norm>(3, read_safetensors(path), {}, "x", options);
    EXPECT_TRUE(torch::equal(loaded->norm->running_var, saved->norm->running_var.to(torch::kFloat16).to(options.dtype)));
    EXPECT_EQ(loaded->norm->num_batches_tracked.item<int64_t>(), 1);
    EXPECT_EQ(loaded->norm->num_batches_tracked.scalar_type(), torch::kInt64);
  }
  File file;
  for (const auto& parameter : saved->named_parameters()) file.add(parameter.key(), parameter.value());
  file.add("norm.running_mean", torch::zeros({3}, torch::kInt64));
  file.add("norm.num_batches_tracked", torch::tensor(1.F));
  const std::string error = invalid_argument_of([&] { load_model<Norm>(3, file.file(), {}, "x"); });
  EXPECT_NE(error.find("missing tensor \"norm.running_var\" [3]"), std::string::npos) << error;
  EXPECT_NE(error.find("\"norm.running_mean\": expected a floating type, got I64"), std::string::npos) << error;
  EXPECT_NE(error.find("\"norm.num_batches_tracked\": expected I64, got F32"), std::string::npos) << error;
}

TEST(SaveWeights, RoundTripInHalfPrecision) {
  const testing::TemporaryDirectory directory;
  TwoLinears saved, loaded;
  save_weights(directory / "model.safetensors", saved, torch::kFloat16);
  const TensorFile file = read_safetensors(directory / "model.safetensors");
  EXPECT_EQ(file.metadata().at("format"), "pt");
  load_weights(loaded, file, {}, "model.safetensors");
  EXPECT_TRUE(torch::equal(loaded.b->weight, saved.b->weight.to(torch::kFloat16).to(torch::kFloat32)));
}

}  // namespace
}  // namespace omma
