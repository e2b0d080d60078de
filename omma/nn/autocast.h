// Mixed precision as LibTorch does it: products in bf16, what sums in fp32.
#pragma once

#include <ATen/autocast_mode.h>

#include "omma/nn/torch.h"

namespace omma {

// bf16 autocast on one device type for the object's lifetime, where it is enabled.
class Autocast {
 public:
  Autocast(c10::DeviceType device, bool enabled) : device_(device), enabled_(enabled) {
    if (!enabled_) return;
    at::autocast::set_autocast_dtype(device_, torch::kBFloat16);
    at::autocast::set_autocast_enabled(device_, true);
  }
  ~Autocast() {
    if (!enabled_) return;
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, false);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool enabled_;
};

}  // namespace omma
