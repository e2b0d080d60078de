// Every tensor of the published configurations, by name and shape, against the reference's (tools/parity/published.py): strict
// loading of files whose headers are real and whose data is a hole.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <utility>

#include "omma/base/file.h"
#include "omma/io/tensor_file.h"
#include "omma/models/blip/checkpoint.h"
#include "omma/models/clip/matcher.h"
#include "omma/models/grounding_dino/grounding_dino.h"
#include "omma/models/grounding_dino/key_table.h"
#include "omma/models/llama/checkpoint.h"
#include "omma/models/llava/checkpoint.h"
#include "omma/models/sam/convert.h"
#include "omma/models/sam/key_table.h"
#include "omma/models/sam/sam.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

const WeightOptions kMapped{.device = torch::kCPU, .dtype = torch::kHalf, .for_decoding = false};  // reads nothing

// Parameters of the model, tied ones once.
int64_t load(const fs::path& directory) {
  const json config = read_json(directory / "config.json");
  const TensorFile weights = read_weights(directory);
  const std::string type = config["model_type"], where = directory.filename().string();
  std::shared_ptr<torch::nn::Module> model;
  if (type == "blip") {
    model = load_model<Blip>(read_blip_config(config, where), weights, blip_keys(), where, kMapped).ptr();
  } else if (type == "clip") {
    model = load_model<Clip>(read_clip_config(config, where), weights, clip_keys(), where, kMapped).ptr();
  } else if (type == "llava" || type == "llava_next") {
    const LlavaConfig llava = read_llava_config(config, where);
    model = load_model<Llava>(llava, weights, llava_keys(llava), where, kMapped).ptr();
  } else if (type == "llama") {
    const auto llama = read_config<LlamaConfig>(config, where);
    model = load_model<LlamaForCausalLM>(llama, weights, language_keys(llama), where, kMapped).ptr();
  } else if (type == "sam") {
    const sam::Config segmenter = sam::read_model_config(config, where);
    model = load_model<sam::Model>(segmenter, weights, sam::checkpoint_keys(), where, kMapped).ptr();
  } else {
    const grounding_dino::Config detector = grounding_dino::read_model_config(config, where);
    model = load_model<grounding_dino::Model>(detector, weights, grounding_dino::checkpoint_keys(detector), where, kMapped).ptr();
  }
  int64_t count = 0;
  std::set<const void*> seen;
  for (const Tensor& parameter : model->parameters())
    if (seen.insert(parameter.unsafeGetTensorImpl()).second) count += parameter.numel();
  return count;
}

class Published : public ::testing::TestWithParam<std::pair<const char*, double>> {};

TEST_P(Published, HasTheReferencesTensors) {
  const auto [name, millions] = GetParam();
  EXPECT_NEAR(static_cast<double>(load(testing::parity_directory("published") / name)) / 1e6, millions, .05 * millions);
}

// The authors' files have no config: the width of the patch embedding tells it.
TEST(PublishedSam, WidthOfTheAuthorsFileTellsItsConfig) {
  const testing::TemporaryDirectory directory;
  for (const auto& [name, width] : {std::pair("sam-vit-base", 768), {"sam-vit-large", 1024}, {"sam-vit-huge", 1280}, {"", 512}}) {
    const Tensor patches = torch::zeros({width, 3, 16, 16});
    const std::vector views = {view_of(patches, "image_encoder.patch_embed.proj.weight")};
    write_safetensors(directory / "sam.safetensors", views);
    const TensorFile file = read_safetensors(directory / "sam.safetensors");
    if (width == 512) {
      EXPECT_EQ(testing::invalid_argument_of([&] { sam::published_config(file, "sam.pth"); }),
                "sam.pth: an encoder of width 512 is none of the published ones (768, 1024, 1280): give its --config");
      continue;
    }
    const json reference = read_json(testing::parity_directory("published") / name / "config.json");
    sam::Config config = sam::read_model_config(reference, name);
    config.mask_decoder_config.layer_norm_eps = 1e-5;  // the authors left torch's default, transformers says 1e-6
    EXPECT_EQ(config.vision_config.mlp_dim, 4 * width);
    config.vision_config.mlp_dim.reset();  // which the ratio says, too
    EXPECT_EQ(sam::write_model_config(sam::published_config(file, "sam.pth")), sam::write_model_config(config)) << name;
  }
}

// The sizes that the papers and model cards tell.
INSTANTIATE_TEST_SUITE_P(Configurations, Published,
                         ::testing::Values(std::pair("grounding-dino-tiny", 172.), std::pair("grounding-dino-base", 233.),
                                           std::pair("mm-grounding-dino-tiny", 173.), std::pair("mm-grounding-dino-base", 233.),
                                           std::pair("mm-grounding-dino-large", 343.),
                                           std::pair("blip-image-captioning-base", 224.),
                                           std::pair("blip-image-captioning-large", 446.), std::pair("blip-itm-base-coco", 224.),
                                           std::pair("blip-itm-large-coco", 446.), std::pair("blip-vqa-base", 361.),
                                           std::pair("blip-vqa-capfilt-large", 361.), std::pair("sam-vit-base", 93.7),
                                           std::pair("sam-vit-large", 312.), std::pair("sam-vit-huge", 641.),
                                           std::pair("vicuna-7b-v1.5", 6738.), std::pair("clip-vit-base-patch32", 151.),
                                           std::pair("clip-vit-base-patch16", 150.), std::pair("clip-vit-large-patch14", 428.),
                                           std::pair("clip-vit-large-patch14-336", 428.), std::pair("clip-vit-h-14-laion2b", 986.),
                                           std::pair("llava-1.5-7b", 7063.), std::pair("llava-1.5-13b", 13350.),
                                           std::pair("llava-v1.6-vicuna-7b", 7063.), std::pair("llava-v1.6-mistral-7b", 7567.)));

}  // namespace
}  // namespace omma
