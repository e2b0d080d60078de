#include "omma/models/sam/quantize.h"

#include "omma/base/error.h"
#include "omma/base/evenly_apart.h"
#include "omma/models/conversion.h"
#include "omma/models/sam/predictor.h"
#include "omma/models/sam/processor.h"
#include "omma/models/sam/tiles.h"
#include "omma/models/sam/viewing.h"
#include "omma/nn/calibration.h"
#include "omma/nn/model_directory.h"

namespace omma::sam {
namespace fs = std::filesystem;

namespace {

// Parts of a picture that the model encodes: the whole, and where it looks at enlarged parts some of each size, evenly apart.
std::vector<Box> views_of(Size picture, int frame, double enlargement) {
  constexpr std::size_t most = 8;  // of a size
  std::vector<Box> views = {whole_picture(picture)};
  if (enlargement <= 1) return views;
  for (const int side : part_sides(picture, frame, enlargement)) {
    const std::vector<Box> parts = evenly_apart(parts_of(picture, side, 0), most);
    views.insert(views.end(), parts.begin(), parts.end());
  }
  return views;
}

}  // namespace

Quantized quantize(const fs::path& from, const fs::path& to, const NextPicture& next) {
  const fs::path file = from / "config.json";
  Config config = read_model_config(read_json(file), file.string());
  check(!config.tiny_vit, "{}: MobileSAM's TinyViT has no form of 8-bit numbers; SAM's own encoders have", from.string());
  check(!config.vision_config.int8, "{}: is of 8-bit numbers already", from.string());
  Predictor predictor(from, {.dtype = torch::kFloat32});
  const double enlargement = read_viewing(from).enlargement;
  const torch::Dtype dtype = torch_dtype(read_weights(from).find("mask_decoder.iou_token.weight")->dtype);
  config.vision_config.int8 = true;
  Model model(config);
  model->eval();
  Quantized result;
  Image last;  // view
  Tensor expected;
  {
    Calibration calibration(*predictor.model(), *model);
    while (std::optional<Image> picture = next()) {
      const Size size{.width = picture->width, .height = picture->height};
      for (const Box& view : views_of(size, static_cast<int>(config.image_size()), enlargement)) {
        Timing timing;
        last = cropped(*picture, view);
        expected = predictor.encode(last, timing)->map;
      }
      ++result.pictures;
    }
    check(result.pictures > 0, "quantize: expected at least one picture to calibrate on (--pictures)");
    calibration.quantize();
  }
  const json processor = write_processor(image_processor(config), config);
  save_model_directory(to, *model, {.config = write_model_config(config)}, dtype);
  copy_processor(open_conversion(from, {}), to, processor);
  Timing timing;
  const Tensor found = Predictor(to, {.dtype = torch::kFloat32}).encode(last, timing)->map;
  result.relative_error = ((found - expected).norm() / expected.norm()).item<double>();
  return result;
}

}  // namespace omma::sam
