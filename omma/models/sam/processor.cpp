#include "omma/models/sam/processor.h"

namespace omma::sam {

ImageProcessorConfig image_processor(const Config& config) {
  ImageProcessorConfig processor;
  processor.shortest_edge = std::nullopt;
  processor.longest_edge = processor.pad_height = processor.pad_width = config.image_size();
  processor.do_pad = true;
  return processor;
}

json write_processor(const ImageProcessorConfig& processor, const Config& config, const Viewing& viewing) {
  json object = write_image_processor(processor, "Sam");
  object["mask_size"] = {{"longest_edge", config.mask_side()}};  // of label maps
  object["mask_pad_size"] = {{"height", config.mask_side()}, {"width", config.mask_side()}};
  if (viewing.enlargement != 1) object["enlargement"] = viewing.enlargement;
  if (json own = write_config(viewing.mask_generation); !own.empty()) object["mask_generation"] = std::move(own);
  return object;
}

}  // namespace omma::sam
