#include "omma/models/glip/config.h"

#include "omma/base/error.h"

namespace omma::glip {

void Config::validate(Faults& faults) const {
  faults.expect(model_type == "glip", "model_type: expected \"glip\", got \"{}\"", model_type);
  faults.expect(backbone_config.out_indices == std::vector<int64_t>{2, 3, 4} && backbone_config.patch_size == 4,
                "backbone_config: expected patch_size 4 and out_indices [2, 3, 4]");
  faults.expect(d_model % 4 == 0 && d_model % norm_groups == 0, "d_model: expected a multiple of 4 and of {} norm_groups, got {}",
                norm_groups, d_model);
  faults.expect(fusion_inner_dim % fusion_heads == 0, "fusion_inner_dim: expected a multiple of {} fusion_heads, got {}",
                fusion_heads, fusion_inner_dim);
  faults.expect(max_text_len <= text_config.max_position_embeddings,
                "max_text_len: expected at most text_config.max_position_embeddings {}, got {}",
                text_config.max_position_embeddings, max_text_len);
  faults.expect(anchor_sizes.size() == levels, "anchor_sizes: expected one for each of {} levels, got {}", levels,
                anchor_sizes.size());
  faults.expect(size_divisor % 32 == 0, "size_divisor: expected a multiple of 32, got {}", size_divisor);
}

Config read_model_config(const json& object, std::string_view where) {
  check(object.is_object(), "{}: expected a JSON object, got {}", where, object.type_name());
  return read_config<Config>(object, where);
}

}  // namespace omma::glip
