// One training step of one sample against transformers: the loss, its parts and the gradient of every parameter.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "omma/base/json.h"
#include "omma/models/grounding_dino/key_table.h"
#include "omma/nn/weights.h"
#include "omma/recipes/grounding_dino/objective.h"

namespace omma::grounding_dino {
namespace {

std::filesystem::path parity_directory() {
  const char* given = std::getenv("OMMA_PARITY_DIR");
  return (given == nullptr ? std::filesystem::path("build/parity") : std::filesystem::path(given)) / "losses";
}

// The prompt of tools/parity/losses.py and the tokens of its three phrases.
constexpr std::pair<int64_t, int64_t> phrase_spans[] = {{1, 3}, {4, 5}, {6, 9}};

Targets targets_of(const Tensor& boxes, const Tensor& phrases, int64_t tokens) {
  Targets targets;
  targets.boxes = boxes.contiguous();
  targets.counts = {boxes.size(0)};
  targets.phrase_counts = {3};
  targets.phrase_tokens = torch::zeros({1, 3, tokens});
  for (int64_t i = 0; i < 3; ++i) targets.phrase_tokens[0][i].slice(0, phrase_spans[i].first, phrase_spans[i].second) = 1;
  targets.tokens = targets.phrase_tokens[0].index_select(0, phrases);
  return targets;
}

class GroundingDinoLossParity : public ::testing::TestWithParam<const char*> {};

TEST_P(GroundingDinoLossParity, LossAndAllGradients) {
  const auto directory = parity_directory() / GetParam();
  const TensorFile file = read_safetensors(directory / "expected.safetensors");
  const auto expected = [&](const std::string& name) {
    const TensorView* view = file.find(name);
    if (view == nullptr) throw std::runtime_error("no " + name);
    return to_tensor(*view);
  };
  const auto config = read_model_config(read_json(directory / "config.json"), "config.json");
  Model model(config);
  load_weights(*model, read_weights(directory), checkpoint_keys(config), "model.safetensors");
  model->eval();

  const Tensor ids = expected("input.input_ids");
  const TextFeatures text = model->encode_text(ids, torch::ones_like(ids).to(torch::kBool));
  const auto output = model->forward(expected("input.pixel_values"), {}, text);
  ObjectiveConfig objective;
  objective.costs.classes = config.class_cost;
  const ObjectiveLoss loss =
      grounding_loss(output, targets_of(expected("input.boxes"), expected("input.phrases"), ids.size(1)), objective);
  const auto near = [&](const char* name, const Tensor& got) {
    const double value = expected(name).item<double>();
    EXPECT_NEAR(got.item<double>(), value, 1e-4 * std::max(1.0, value)) << name;
  };
  near("loss", loss.total);
  near("loss.ce", loss.classes);
  near("loss.bbox", loss.l1);
  near("loss.giou", loss.giou);

  loss.total.backward();
  std::map<std::string, Tensor> gradients;
  const TensorFile gradient_file = read_weights(directory / "gradients");
  for (const TensorView& view : gradient_file.tensors())
    for (const std::string& name : translate_key(view.name, checkpoint_keys(config))) gradients[name] = to_tensor(view);
  int64_t compared = 0;
  for (const auto& item : model->named_parameters()) {
    ASSERT_TRUE(gradients.contains(item.key())) << item.key();
    const Tensor reference = gradients[item.key()];
    const Tensor got = item.value().grad().defined() ? item.value().grad() : torch::zeros_like(item.value());
    // Key biases have no gradient but rounding, which grows with the loss.
    const double floor = item.key().ends_with("key.bias") ? 1e-2 : 1e-3;
    const double scale = std::max({floor, 2e-5 * loss.total.item<double>(), reference.abs().max().item<double>()});
    EXPECT_LE((got - reference).abs().max().item<double>() / scale, 2e-3) << item.key() << ", largest " << scale;
    ++compared;
  }
  EXPECT_GT(compared, 200);
}

INSTANTIATE_TEST_SUITE_P(Cases, GroundingDinoLossParity, ::testing::Values("plain", "one_box", "more_boxes_than_queries", "mm"));

}  // namespace
}  // namespace omma::grounding_dino
