#include "omma/models/sam/quantize.h"

#include "omma/base/error.h"
#include "omma/models/conversion.h"
#include "omma/models/sam/predictor.h"
#include "omma/models/sam/processor.h"
#include "omma/nn/calibration.h"
#include "omma/nn/model_directory.h"

namespace omma::sam {
namespace fs = std::filesystem;

Quantized quantize(const fs::path& from, const fs::path& to, const NextPicture& next) {
  const fs::path file = from / "config.json";
  Config config = read_model_config(read_json(file), file.string());
  check(!config.tiny_vit, "{}: MobileSAM's TinyViT has no form of 8-bit numbers; SAM's own encoders have", from.string());
  check(!config.vision_config.int8, "{}: is of 8-bit numbers already", from.string());
  Predictor predictor(from, {.dtype = torch::kFloat32});
  config.vision_config.int8 = true;
  Model model(config);
  model->eval();
  Quantized result;
  std::optional<Image> last;
  Tensor expected;
  {
    Calibration calibration(*predictor.model(), *model);
    while (std::optional<Image> picture = next()) {
      Timing timing;
      expected = predictor.encode(*picture, timing)->map;
      last = std::move(picture);
      ++result.pictures;
    }
    check(last.has_value(), "quantize: expected at least one picture to calibrate on");
    calibration.quantize();
  }
  const json processor = write_processor(image_processor(config), config);
  save_model_directory(to, *model, {.config = write_model_config(config)}, torch::kFloat32);
  copy_processor(open_conversion(from, {}), to, processor);
  Timing timing;
  const Tensor found = Predictor(to, {.dtype = torch::kFloat32}).encode(*last, timing)->map;
  result.relative_error = ((found - expected).norm() / expected.norm()).item<double>();
  return result;
}

}  // namespace omma::sam
