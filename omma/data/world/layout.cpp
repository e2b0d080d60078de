#include "omma/data/world/layout.h"

#include <algorithm>
#include <array>
#include <optional>

namespace omma {
namespace {

constexpr int hidden_share = 30;  // per cent of an object that later ones may cover

ColorName random_pair(const std::vector<int>& names, const std::vector<int>& colors, Rng& rng) {
  ColorName pair{.name = rng.pick(std::span<const int>(names)), .color = rng.pick(std::span<const int>(colors))};
  // A held-out pair keeps its name; the colour is drawn from all.
  while (is_combo_pair(pair.name, pair.color)) pair.color = static_cast<int>(rng.below(world_color_count));
  return pair;
}

std::vector<int> random_pool(int count, int limit, Rng& rng) {
  std::vector<int> pool;
  for (int i = 0; i < count; ++i) pool.push_back(static_cast<int>(rng.below(static_cast<std::uint32_t>(limit))));
  return pool;
}

// Tries one pose and a few places for it on the ground that the earlier objects leave.
class Placer {
 public:
  Placer(int size, int smallest, int count) : size_(size), smallest_(smallest), largest_(count > 6 ? 34 : 42) {
    layout_.owner.resize(static_cast<std::size_t>(size_) * size_);
  }

  const Layout& layout() const { return layout_; }
  Layout take() { return std::move(layout_); }

  std::optional<PlacedObject> propose(ColorName what, Rng& rng) const {
    PlacedObject object{.pose = {.name = what.name,
                                 .extent = std::max(8, rng.between(size_ * smallest_ / 100, size_ * largest_ / 100)),
                                 .turn = rng.between(-StampPose::max_turn, StampPose::max_turn),
                                 .flipped = rng.below(2) == 0},
                        .color = what.color};
    object.stamp = draw_stamp(object.pose);
    if (object.stamp.width > size_ || object.stamp.height > size_) return std::nullopt;
    for (int attempt = 0; attempt < 6; ++attempt) {
      object.x = rng.between(0, size_ - object.stamp.width);
      object.y = rng.between(0, size_ - object.stamp.height);
      if (leaves_enough(object)) return object;
    }
    return std::nullopt;
  }

  void put(PlacedObject object) {
    layout_.objects.push_back(std::move(object));
    const PlacedObject& placed = layout_.objects.back();
    visible_.push_back(placed.stamp.area);
    for_mask(placed, [&](std::uint8_t& owner) {
      if (owner != 0) --visible_[owner - 1U];
      owner = static_cast<std::uint8_t>(layout_.objects.size());
    });
  }

 private:
  bool leaves_enough(const PlacedObject& object) const {
    std::array<int, 256> covered{};
    for_mask(object, [&](std::uint8_t owner) { ++covered[owner]; });
    for (std::size_t i = 0; i < layout_.objects.size(); ++i)
      if ((visible_[i] - covered[i + 1]) * 100 < layout_.objects[i].stamp.area * (100 - hidden_share)) return false;
    return true;
  }

  template <class Visit>
  void for_mask(const PlacedObject& object, Visit&& visit) const {
    visit_mask(object, layout_.owner.data(), visit);
  }
  template <class Visit>
  void for_mask(const PlacedObject& object, Visit&& visit) {
    visit_mask(object, layout_.owner.data(), visit);
  }
  template <class Owner, class Visit>
  void visit_mask(const PlacedObject& object, Owner* owners, Visit& visit) const {
    const Texel* texel = object.stamp.texels.data();
    for (int y = 0; y < object.stamp.height; ++y) {
      Owner* row = owners + static_cast<std::ptrdiff_t>(object.y + y) * size_ + object.x;
      for (int x = 0; x < object.stamp.width; ++x, ++texel)
        if (texel->alpha >= Stamp::solid) visit(row[x]);
    }
  }

  int size_;
  int smallest_, largest_;  // per cent of the canvas: crowds are drawn smaller
  Layout layout_;
  std::vector<int> visible_;  // pixels of each placed object
};

// One attempt at the whole scene; nothing where an object found no place.
std::optional<Layout> try_placing(const std::vector<ColorName>& objects, const SceneOptions& options, int min_extent, Rng& rng) {
  constexpr int attempts = 20;
  constexpr int last_attempts = 200;  // those of the last object also look for a layout that belongs to the split
  Placer placer(options.size, min_extent, static_cast<int>(objects.size()));
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const bool last = i + 1 == objects.size();
    const std::uint64_t before = content_hash(placer.layout().objects);
    std::optional<PlacedObject> placed;
    for (int attempt = 0; !placed && attempt < (last ? last_attempts : attempts); ++attempt) {
      placed = placer.propose(objects[i], rng);
      if (placed && last && split_of_content(before + content_hash({*placed})) != options.split) placed.reset();
    }
    if (!placed) return std::nullopt;
    placer.put(std::move(*placed));
  }
  return placer.take();
}

}  // namespace

std::vector<ColorName> draw_objects(int count, Split split, Rng& rng) {
  // Half of the scenes draw from a few names, so that there is something to count, and some of those from a few colours.
  const bool crowd = rng.below(2) == 0;
  const bool few_colors = crowd && rng.below(2) == 0;
  std::vector<int> names(world_name_count), colors(world_color_count);
  for (int i = 0; i < world_name_count; ++i) names[static_cast<std::size_t>(i)] = i;
  for (int i = 0; i < world_color_count; ++i) colors[static_cast<std::size_t>(i)] = i;
  if (crowd) names = random_pool(rng.between(1, 3), world_name_count, rng);
  if (few_colors) colors = random_pool(rng.between(1, 2), world_color_count, rng);

  std::vector<ColorName> held_out(combo_pairs().begin(), combo_pairs().end());
  rng.shuffle(held_out);
  if (crowd) held_out.resize(2);

  std::vector<ColorName> objects;
  for (int i = 0; i < count; ++i) {
    const bool combo = split == Split::combo && (i == 0 || rng.below(2) == 0);
    objects.push_back(combo ? rng.pick(std::span<const ColorName>(held_out)) : random_pair(names, colors, rng));
  }
  rng.shuffle(objects);
  return objects;
}

Layout place_objects(const std::vector<ColorName>& objects, const SceneOptions& options, int min_extent, Rng& rng) {
  for (;;)
    if (auto layout = try_placing(objects, options, min_extent, rng)) return std::move(*layout);
}

std::uint64_t content_hash(const std::vector<PlacedObject>& objects) {
  std::uint64_t sum = 0;  // commutative: the order of drawing does not matter
  for (const PlacedObject& object : objects) {
    std::uint64_t hash = 0;
    for (const int part :
         {object.pose.name, object.color, object.pose.extent, object.pose.turn, int{object.pose.flipped}, object.x, object.y})
      hash = Rng(hash, static_cast<std::uint64_t>(part + StampPose::max_turn)).bits();
    sum += hash;
  }
  return sum;
}

}  // namespace omma
