// Mixed precision as LibTorch does it: products in bf16, what sums in fp32.
#pragma once

#include <ATen/autocast_mode.h>

#include "omma/nn/torch.h"

namespace omma {

// bf16 autocast on one device type for the object's lifetime, on or off; what was before is there again behind it.
class Autocast {
 public:
  Autocast(c10::DeviceType device, bool enabled)
      : device_(device),
        was_enabled_(at::autocast::is_autocast_enabled(device)),
        old_type_(at::autocast::get_autocast_dtype(device)) {
    if (enabled) at::autocast::set_autocast_dtype(device_, torch::kBFloat16);
    at::autocast::set_autocast_enabled(device_, enabled);
  }
  ~Autocast() {
    if (!was_enabled_) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, was_enabled_);
    at::autocast::set_autocast_dtype(device_, old_type_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool was_enabled_;
  torch::Dtype old_type_;
};

}  // namespace omma
