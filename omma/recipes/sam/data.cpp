#include "omma/recipes/sam/data.h"

#include "omma/base/error.h"
#include "omma/data/picture_folder.h"
#include "omma/eval/segmentation_evaluation.h"
#include "omma/models/sam/predictor.h"
#include "omma/models/sam/processor.h"

namespace omma::sam {
namespace fs = std::filesystem;
namespace {

// The data set's spec with its path under `data_root`.
std::string rooted_spec(const DataConfig& config) {
  const std::size_t colon = config.data.find(':');
  check(colon != std::string::npos, "data: expected world or KIND:PATH, got \"{}\"", config.data);
  return config.data.substr(0, colon + 1) + (fs::path(config.data_root) / config.data.substr(colon + 1)).string();
}

std::shared_ptr<const SegmentationDataset> open_data(const DataConfig& config, const std::string& spec, const std::string& split) {
  if (config.pictures_alone()) return open_picture_folder(spec.substr(spec.find(':') + 1));
  SegmentationDatasetOptions options;
  options.max_fault_share = config.max_fault_share;
  std::shared_ptr<const SegmentationDataset> dataset = open_segmentation_dataset(spec, split, options);
  log_faults(dataset->report(), spec);
  return dataset;
}

}  // namespace

std::unique_ptr<MaskSource> open_masks(const DataConfig& config, const MaskChoice& choice, std::uint64_t seed) {
  if (config.data == "world") return world_masks(seed, config.world, choice);
  return dataset_masks(open_data(config, rooted_spec(config), config.split), seed, config.augmentation, choice,
                       config.max_fault_share);
}

std::shared_ptr<const SegmentationDataset> open_validation(const DataConfig& config, int64_t side) {
  if (config.validation_pictures == 0 || config.pictures_alone()) return nullptr;
  const std::string world =
      fmt::format("world:count={},size={},emblems={}", config.validation_pictures, side, config.world.emblems);
  return open_data(config, config.data == "world" ? world : rooted_spec(config), config.validation_split);
}

json segmentation_figures(const Model& model, const SegmentationDataset* dataset, const DataConfig& config) {
  json chosen = json::object();
  if (dataset == nullptr) return chosen;
  const auto segmenter = with_enlargement(
      std::make_unique<Predictor>(model, ImageProcessor(image_processor(model->config())), config.viewing), config.viewing);
  LeftOutPictures left_out("validation data", dataset->size(), config.max_fault_share);
  SegmentationEvaluationOptions options;
  options.everything = false;
  options.max_pictures = static_cast<std::size_t>(config.validation_pictures);
  const json figures = evaluate_segmentation(*segmenter, *dataset, options, left_out).to_json();
  for (const char* name : {"miou1", "miou3", "miou5", "miou_oracle3", "miou_box"}) chosen[name] = figures.at(name);
  return chosen;
}

void save_model(const fs::path& directory, const Model& model, const DataConfig& data, const std::optional<AdapterConfig>& lora) {
  const Config& config = model->config();
  const json processor = write_processor(image_processor(config), config, data.viewing);
  save_trained_model(directory, *model, {.config = write_model_config(config), .processor = processor}, torch::kFloat16, lora);
}

}  // namespace omma::sam
