// From a model of floating numbers to one with linear layers of 8-bit numbers (nn/int8_linear.h), by the inputs that these get.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "omma/nn/int8_linear.h"
#include "omma/nn/torch.h"

namespace omma {

// How often numbers came; those are told apart that differ in sign, power of two or one of the four bits behind it.
class ValueHistogram {
 public:
  void add(std::span<const float> values);  // those that are not finite count nowhere
  bool empty() const;

  // The range with the least mean cubed error: rare large numbers are cut off where the others gain more by it.
  Int8Range best_range() const;

 private:
  static constexpr int kDroppedBits = 19;
  std::vector<std::int64_t> counts_ =
      std::vector<std::int64_t>(std::size_t{1} << (32 - kDroppedBits));  // by the bits that are left
};

// Watches `from`, a model of the same names as `to`, where some linear layers of `to` are of 8-bit numbers. Not thread-safe.
class Calibration {
 public:
  Calibration(const torch::nn::Module& from, torch::nn::Module& to);
  ~Calibration();
  Calibration(const Calibration&) = delete;
  Calibration& operator=(const Calibration&) = delete;

  // Gives `to` the weights of `from`, those layers' rounded for the inputs that came since. Throws std::invalid_argument naming a
  // layer that saw none.
  void quantize();

 private:
  struct Watched {
    std::shared_ptr<QuantizableLinearImpl> layer;
    std::shared_ptr<QuantizableLinearImpl> result;
    ValueHistogram seen;
  };
  const torch::nn::Module& from_;
  torch::nn::Module& to_;
  std::map<std::string, Watched> watched_;
};

}  // namespace omma
