// Against PEFT: models with its adapters, merged and apart, gradients, and our adapters in its hands (tools/parity/adapters.py).
#include <gtest/gtest.h>

#include <cstdlib>

#include "omma/base/file.h"
#include "omma/models/llama/checkpoint.h"
#include "omma/models/llava/checkpoint.h"
#include "omma/models/merge.h"
#include "omma/models/sam/key_table.h"
#include "omma/models/sam/sam.h"
#include "omma/nn/llama.h"
#include "omma/nn/peft.h"
#include "omma/nn/weights.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

using Tensors = std::map<std::string, Tensor>;

struct Case {
  const char* name;
  LoraConfig config;  // of the adapters that PEFT made; rank 0: of several ranks, which add_lora() has not
};

std::ostream& operator<<(std::ostream& out, const Case& each) { return out << each.name; }

fs::path place_of(const std::string& name) { return testing::parity_directory("adapters") / name; }

bool is_llama(const fs::path& directory) { return read_json(directory / "config.json")["model_type"] == "llama"; }

std::shared_ptr<torch::nn::Module> load(const fs::path& directory) {
  const json config = read_json(directory / "config.json");
  const std::string where = directory.string();
  if (is_llama(directory)) {
    const auto llama = read_config<LlamaConfig>(config, where);
    return load_model<LlamaForCausalLM>(llama, read_weights(directory), language_keys(llama), where).ptr();
  }
  const sam::Config segmenter = sam::read_model_config(config, where);
  return load_model<sam::Model>(segmenter, read_weights(directory), sam::checkpoint_keys(), where).ptr();
}

// By the reference's names.
Tensors outputs_of(const std::shared_ptr<torch::nn::Module>& module, const Tensors& inputs) {
  if (auto llama = std::dynamic_pointer_cast<LlamaForCausalLMImpl>(module))
    return {{"logits", llama->forward(inputs.at("input_ids"))}};
  const auto model = std::dynamic_pointer_cast<sam::ModelImpl>(module);
  sam::Prompts clicks;
  clicks.points = inputs.at("input_points")[0];
  clicks.labels = inputs.at("input_labels")[0];
  const sam::DecodedMasks masks = model->forward(model->encode_image(inputs.at("pixel_values")), clicks);
  return {{"pred_masks", masks.logits.narrow(1, 1, 3)}, {"iou_scores", masks.iou.narrow(1, 1, 3)}};  // those of multimask
}

void expect_outputs(const Tensors& expected, const Tensors& got) {
  for (const auto& [name, value] : got)
    testing::expect_close(name, expected.at(name), value, 1e-5 * expected.at(name).abs().max().item<double>());
}

class AdaptersParity : public ::testing::TestWithParam<Case> {
 protected:
  fs::path directory() const { return place_of(GetParam().name); }
  Tensors expected() const { return testing::read_expected(directory() / "expected.safetensors"); }
};

TEST_P(AdaptersParity, MergedTheySayTheSame) {
  const testing::TemporaryDirectory out;
  merge_model(directory() / "adapter", out / "merged");  // into the base that the adapter names
  const torch::NoGradGuard no_grad;
  expect_outputs(expected(), outputs_of(load(out / "merged"), expected()));
}

// The adapter's tensors in the module that add_lora() made, by their names.
void give_values(torch::nn::Module& module, const TensorFile& adapter) {
  const torch::NoGradGuard no_grad;
  auto parameters = module.named_parameters();
  for (const TensorView& view : adapter.tensors())
    parameters[view.name.substr(std::string_view("base_model.model.").size())].copy_(to_tensor(view));
}

TEST_P(AdaptersParity, ApartTheySayAndLearnTheSame) {
  const LoraConfig& config = GetParam().config;
  if (config.rank == 0) return;
  const auto model = load(directory() / "base");
  add_lora(*model, config);
  give_values(*model, read_adapter(directory() / "adapter").weights);
  const Tensors outputs = outputs_of(model, expected());
  expect_outputs(expected(), outputs);
  Tensor cost = torch::zeros({});
  for (const auto& [name, value] : outputs) cost = cost + value.square().sum();
  cost.backward();
  int64_t compared = 0;
  for (const auto& item : model->named_parameters()) {
    const Tensors all = expected();
    const auto gradient = all.find("base_model.model." + item.key());
    EXPECT_EQ(gradient != all.end(), item.value().requires_grad() && item.value().grad().defined()) << item.key();
    if (gradient == all.end() || !item.value().grad().defined()) continue;
    testing::expect_close(item.key(), gradient->second, item.value().grad(), 1e-4 * gradient->second.abs().max().item<double>());
    ++compared;
  }
  EXPECT_GE(compared, 2 * std::ssize(adapted_layers(*model)));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, AdaptersParity,
    ::testing::Values(
        Case{"llama", {.rank = 4, .alpha = 8, .dropout = 0.1, .targets = {"q_proj", "v_proj", "down_proj"}}},
        Case{"llama-ranks", {.rank = 0}},
        Case{"llama-whole",
             {.rank = 3, .alpha = 5, .targets = {"o_proj"}, .modules_to_save = {"lm_head", "norm"}, .use_rslora = true}},
        Case{"sam", {.rank = 2, .alpha = 8, .targets = {"qkv", "attn.proj"}}},
        Case{"sam-decoder",
             {.rank = 3,
              .alpha = 4,
              .targets = {"q_proj", "k_proj", "v_proj", "out_proj", "mask_decoder.transformer.layers.*.mlp.lin1"},
              .modules_to_save = {"upscale_conv1", "iou_prediction_head"},
              .use_rslora = true}}),
    [](const auto& each) {
      std::string name = each.param.name;
      std::ranges::replace(name, '-', '_');
      return name;
    });

// What PEFT says of an adapter that it did not write.
std::map<std::string, Tensor> peft_says(const fs::path& base, const fs::path& adapter, const std::map<std::string, Tensor>& inputs,
                                        const testing::TemporaryDirectory& out) {
  std::vector<TensorView> views;
  for (const auto& [name, tensor] : inputs) views.push_back(view_of(tensor, name));
  write_safetensors(out / "input.safetensors", views);
  const std::string command = fmt::format("HF_HUB_OFFLINE=1 .venv/bin/python tools/parity/adapters.py --check '{}' '{}' '{}' 2>&1",
                                          base.string(), adapter.string(), (out / "input.safetensors").string());
  EXPECT_EQ(std::system(command.c_str()), 0);
  return testing::read_expected(out / "output.safetensors");
}

void draw_what_learns(const torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(2);
  for (const Tensor& parameter : module.parameters())
    if (parameter.requires_grad()) Tensor(parameter).normal_(0, 0.3);
}

// Every kind of layer of one block, and a whole part.
TEST(OurAdapters, PeftReadsThem) {
  const testing::TemporaryDirectory out;
  const fs::path base = place_of("llama") / "base";
  const auto model = load(base);
  const LoraConfig config{.rank = 5,
                          .alpha = 7,
                          .targets = {"model.layers.0.*.*", "layers.1.mlp.up_proj"},
                          .modules_to_save = {"lm_head"},
                          .use_rslora = true};
  add_lora(*model, config);
  draw_what_learns(*model);
  const torch::NoGradGuard no_grad;
  save_adapter(out / "adapter", *model, config, base.string());
  const Tensor ids = torch::randint(61, {1, 12});
  const auto told = peft_says(base, out / "adapter", {{"input_ids", ids}}, out);
  expect_outputs(told, outputs_of(model, {{"input_ids", ids}}));
}

// Under the names of transformers' modules; and merged into a directory of the older names.
TEST(OurAdapters, PeftReadsThoseOfALlava) {
  const testing::TemporaryDirectory out;
  const fs::path base = testing::parity_directory("llava_training") / "one_step/separate";
  LlavaCheckpoint adapted = load_llava(base, {.dtype = torch::kFloat32});
  const LoraConfig config{.rank = 3,
                          .alpha = 6,
                          .targets = {"language_model.model.layers.*.self_attn.*", "language_model.model.layers.*.mlp.*"},
                          .modules_to_save = {"multi_modal_projector"}};
  add_lora(*adapted.model, config);
  draw_what_learns(*adapted.model);
  const torch::NoGradGuard no_grad;
  save_adapter(out / "adapter", *adapted.model, config, base.string(), llava_part_in_transformers);

  const auto batch = testing::read_expected(base / "batch.safetensors");
  const Tensor ids = batch.at("input_ids").narrow(0, 0, 1).contiguous();
  const Tensor pixels = batch.at("pixel_values").narrow(0, 0, 1).contiguous();
  const auto logits = [&](Llava& model) {
    const Tensor embeddings = model->embed(ids, model->embed_picture({.pixels = pixels}));
    return model->language_model->logits(model->language_model->model(CausalInput{.embeddings = embeddings, .padding = {}}));
  };
  const auto told = peft_says(base, out / "adapter", {{"input_ids", ids}, {"pixel_values", pixels}}, out);
  testing::expect_close("logits", told.at("logits"), logits(adapted.model), 1e-4);

  merge_model(out / "adapter", out / "merged", base.string());
  LlavaCheckpoint merged = load_llava(out / "merged", {.dtype = torch::kFloat32});
  testing::expect_close("merged", told.at("logits"), logits(merged.model), 1e-4);
}

}  // namespace
}  // namespace omma
