#include "omma/models/glip/processor.h"

#include "omma/base/error.h"

namespace omma::glip {
namespace {

ImageProcessorConfig without_resize(ImageProcessorConfig config) {
  config.do_resize = false;
  return config;
}

}  // namespace

ImageProcessorConfig default_processor() {
  ImageProcessorConfig config;
  config.rescale_factor = 1;
  config.image_mean = {123.675, 116.280, 103.530};
  config.image_std = {58.395, 57.120, 57.375};
  return config;
}

Processor::Processor(const ImageProcessorConfig& config, int64_t size_divisor)
    : shortest_and_longest_{.width = static_cast<int>(config.shortest_edge.value_or(0)),
                            .height = static_cast<int>(config.longest_edge.value_or(0))},
      size_divisor_(size_divisor),
      normaliser_(without_resize(config)) {
  check(config.do_resize && config.shortest_edge && config.longest_edge && config.resample == 2 &&
            config.antialias.value_or(true) && !config.do_center_crop && !config.pad_height,
        "preprocessor_config.json: expected do_resize with size.shortest_edge and size.longest_edge, resample 2, no crop and no "
        "padding");
}

Size Processor::filled_size(Size image) const {
  return mask_rcnn_size(image, shortest_and_longest_.width, shortest_and_longest_.height);
}

Tensor Processor::operator()(const Image& image, int threads) const {
  check(!image.empty(), "picture: expected at least one pixel, got {} x {}", image.width, image.height);
  const Size own{.width = image.width, .height = image.height}, size = filled_size(own);
  const Tensor rgb = normaliser_(size == own ? image : resize(image, size.width, size.height, Resample::bilinear, threads));
  const auto missing = [&](int side) { return (size_divisor_ - side % size_divisor_) % size_divisor_; };
  return torch::constant_pad_nd(rgb.flip(0), {0, missing(size.width), 0, missing(size.height)});
}

}  // namespace omma::glip
