// A person who corrects masks, simulated (Kirillov et al. 2023, appendix A, "Training algorithm"): a first click or box, then
// clicks where the mask is wrong, each with the mask from before.
//
// P objects, S x S pixels of the model's frame. Random numbers are LibTorch's.
#pragma once

#include <cstdint>

#include "omma/base/config.h"
#include "omma/models/sam/prompt_encoder.h"
#include "omma/nn/tensor.h"

namespace omma::sam {

struct InteractionConfig {
  int64_t clicks = 8;       // after the first prompt
  int64_t repeats = 2;      // further rounds with the mask from before alone: one among the clicks', the others at the end
  double box_chance = 0.5;  // of a box as first prompt, drawn for a batch
  double centre_chance =
      0;  // of a first click where an evaluation makes it, farthest from the object's boundary; else anywhere on it
  double box_noise = 0.1;              // deviation of a box's edges, of its side
  double max_box_noise = 20.0 / 1024;  // at most this, of the frame's side

  template <class Fields>
  void fields(Fields& field) {
    field("clicks", clicks, Range{0, 64});
    field("repeats", repeats, Range{0, 16});
    field("box_chance", box_chance, Range{0, 1});
    field("centre_chance", centre_chance, Range{0, 1});
    field("box_noise", box_noise, Range{0, 1});
    field("max_box_noise", max_box_noise, Range{0, 1});
  }
};

// A pixel of each region [P, S, S] bool, evenly drawn, as (x, y): [P, 1, 2] float32. Of an empty one any.
Tensor random_pixels(const Tensor& regions);
// The pixel of each that is farthest from its boundary (innermost_pixel).
Tensor innermost_pixels(const Tensor& regions);

// The boxes [P, 4] tight around targets [P, S, S] bool, none of them empty, as XYXY pixels.
Tensor boxes_of(const Tensor& targets);
Tensor with_noise(const Tensor& boxes, int64_t side, const InteractionConfig& config);

// The first prompt: a click on each target, or a box around it.
Prompts first_prompts(const Tensor& targets, bool box, const InteractionConfig& config);

// Adds a click where `masks` and targets [P, S, S] bool differ, or where they do not, on the target.
void add_clicks(Prompts& prompts, const Tensor& masks, const Tensor& targets);

}  // namespace omma::sam
