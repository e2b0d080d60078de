// Training samples: a picture in the model's square frame and the masks of some of its objects.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "omma/base/config.h"
#include "omma/data/dataset_report.h"
#include "omma/data/segmentation_dataset.h"
#include "omma/nn/tensor.h"

namespace omma::sam {

struct MaskSample {
  Tensor pixels;  // [3, S, S], normalised RGB with zeros at the right and bottom
  Tensor masks;   // [K, S, S] uint8, 0 and 1, none of them empty; K may be 0
};

// Any number, on any thread: the sample follows from the number alone.
class MaskSource {
 public:
  virtual ~MaskSource() = default;
  virtual MaskSample sample(std::uint64_t number) const = 0;
  virtual DatasetReport report() const { return {}; }
};

// Which masks of a picture are trained on.
struct MaskChoice {
  int64_t side = 128;      // S, of the frame
  int64_t max_masks = 4;   // of a picture, drawn
  int64_t min_pixels = 8;  // of the frame
  double max_share = 0.9;  // of the frame: what fills it is no object
};

struct WorldMaskConfig {
  double emblems = 0.5;                // share of objects that are emblems, whole, part and sub-part
  double variety = 0.5;                // share of scenes as other renderers and cameras show them
  int64_t min_size = 0, max_size = 0;  // pixels of a scene's side, drawn, then brought to the frame; 0: the frame's

  template <class Fields>
  void fields(Fields& field) {
    field("emblems", emblems, Range{0, 1});
    field("variety", variety, Range{0, 1});
    field("min_size", min_size, Range{0, 4096});
    field("max_size", max_size, Range{0, 4096});
  }
  void validate(Faults& faults) const {
    faults.expect(min_size <= max_size, "min_size: expected at most max_size {}, got {}", max_size, min_size);
    faults.expect(max_size == 0 || min_size >= 32, "min_size: expected at least 32, as of every scene, got {}", min_size);
  }
};

// What happens to photographs before they are looked at.
struct MaskAugmentation {
  double min_zoom = 1, max_zoom = 1;  // a square part is enlarged so much; 1: the whole picture
  bool turn = false;                  // flips and quarter turns, for pictures without an up
  bool flip = true;                   // left and right
  double contrast = 0;                // factor 1 +- this about the middle
  double brightness = 0;              // shift of +- this share of the range
  double tint = 0;                    // the same for each channel

  template <class Fields>
  void fields(Fields& field) {
    field("min_zoom", min_zoom, Range{0.1, 64});
    field("max_zoom", max_zoom, Range{0.1, 64});
    field("turn", turn);
    field("flip", flip);
    field("contrast", contrast, Range{0, 0.9});
    field("brightness", brightness, Range{0, 0.9});
    field("tint", tint, Range{0, 0.9});
  }
  void validate(Faults& faults) const {
    faults.expect(min_zoom <= max_zoom, "min_zoom: expected at most max_zoom {}, got {}", max_zoom, min_zoom);
  }
};

std::unique_ptr<MaskSource> world_masks(std::uint64_t seed, const WorldMaskConfig& config, const MaskChoice& choice);

std::unique_ptr<MaskSource> dataset_masks(std::shared_ptr<const SegmentationDataset> dataset, std::uint64_t seed,
                                          const MaskAugmentation& augmentation, const MaskChoice& choice, double max_fault_share);

}  // namespace omma::sam
