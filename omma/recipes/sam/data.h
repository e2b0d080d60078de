// Where the pictures of SAM's trainings come from, and what a model is judged on.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "omma/base/config.h"
#include "omma/base/json.h"
#include "omma/models/sam/sam.h"
#include "omma/models/sam/viewing.h"
#include "omma/recipes/sam/samples.h"
#include "omma/train/adapter.h"

namespace omma::sam {

// The fields that the recipes of this folder share.
struct DataConfig {
  std::string data = "world";  // or KIND:PATH, a segmentation data set; pictures:DIR where no masks are needed
  std::string data_root;       // folder of a relative path in `data`; "": the current one
  std::string split = "train";
  std::string validation_split = "val";
  int64_t validation_pictures = 100;  // the first of the split; 0: no figures
  double max_fault_share = .05;
  WorldMaskConfig world;
  MaskAugmentation augmentation;
  Viewing viewing;  // how the model is to look at pictures: written into its directory, and how it is judged

  template <class Fields>
  void fields(Fields& field) {
    field("data", data);
    field("data_root", data_root);
    field("split", split);
    field("validation_split", validation_split);
    field("validation_pictures", validation_pictures, Range{0, 1e6});
    field("max_fault_share", max_fault_share, Range{0, 1});
    field("world", world);
    field("augmentation", augmentation);
    field("viewing", viewing);
  }

  // A folder of pictures: there are no masks to learn from, and none to be judged by.
  bool pictures_alone() const { return data.starts_with("pictures:"); }
};

// These throw std::invalid_argument naming the field or the data set's file.
std::unique_ptr<MaskSource> open_masks(const DataConfig& config, const MaskChoice& choice, std::uint64_t seed);

// Null where the model is judged on nothing.
std::shared_ptr<const SegmentationDataset> open_validation(const DataConfig& config, int64_t side);

// Of evaluate_segmentation() without automatic masks: {"miou1", "miou3", "miou5", "miou_oracle3", "miou_box"}; empty without data.
json segmentation_figures(const Model& model, const SegmentationDataset* dataset, const DataConfig& config);

// What transformers loads, in half precision; adapters apart where `lora` says so.
void save_model(const std::filesystem::path& directory, const Model& model, const DataConfig& config,
                const std::optional<AdapterConfig>& lora = {});

}  // namespace omma::sam
