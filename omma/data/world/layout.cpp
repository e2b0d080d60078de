#include "omma/data/world/layout.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>

#include "omma/data/world/partners.h"

namespace omma {
namespace {

constexpr int hidden_share = 30;     // per cent of an object, and of each shape of an emblem, that later ones may cover
constexpr int smallest_emblem = 28;  // per cent of the canvas: what is smaller has no room for three shapes

ColorName random_pair(const std::vector<int>& names, const std::vector<int>& colors, Rng& rng) {
  ColorName pair{.name = rng.pick(std::span<const int>(names)), .color = rng.pick(std::span<const int>(colors))};
  // A held-out pair keeps its name; the colour is drawn from all.
  while (is_combo_pair(pair.name, pair.color)) pair.color = static_cast<int>(rng.below(world_color_count));
  return pair;
}

bool is_among(const std::vector<ColorName>& objects, int name) {
  return std::ranges::find(objects, name, &ColorName::name) != objects.end();
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
    PlacedObject object = what.name == world_emblem ? pose_emblem(what.color, rng) : pose_pictogram(what, rng);
    const Stamp& outline = object.stamps.front();
    if (outline.width > size_ || outline.height > size_) return std::nullopt;
    for (int attempt = 0; attempt < 6; ++attempt) {
      object.x = rng.between(0, size_ - outline.width);
      object.y = rng.between(0, size_ - outline.height);
      if (leaves_enough(object)) return object;
    }
    return std::nullopt;
  }

  void put(PlacedObject object) {
    layout_.objects.push_back(std::move(object));
    visible_.emplace_back();
    const PlacedObject& placed = layout_.objects.back();
    for (std::size_t level = 0; level < placed.stamps.size(); ++level) {
      const std::size_t value = layout_.objects.size() + level * Layout::level_step;
      visible(value) = placed.stamps[level].area;
      visit_mask(placed, placed.stamps[level], layout_.owner.data(), [&](std::uint8_t& owner) {
        if (owner != 0) --visible(owner);
        owner = static_cast<std::uint8_t>(value);
      });
    }
  }

 private:
  PlacedObject pose_pictogram(ColorName what, Rng& rng) const {
    PlacedObject object{.pose = {.name = what.name,
                                 .extent = std::max(8, rng.between(size_ * smallest_ / 100, size_ * largest_ / 100)),
                                 .turn = rng.between(-StampPose::max_turn, StampPose::max_turn),
                                 .flipped = rng.below(2) == 0},
                        .color = what.color};
    object.stamps.push_back(draw_stamp(object.pose));
    return object;
  }

  PlacedObject pose_emblem(int color, Rng& rng) const {
    const int smallest = std::max(smallest_, smallest_emblem);
    const int extent = rng.between(size_ * smallest / 100, size_ * largest_ / 100);
    PlacedObject object{
        .pose = {.name = world_emblem, .extent = extent}, .color = color, .emblem = design_emblem(color, extent, rng)};
    object.stamps = draw_emblem(*object.emblem);
    return object;
  }

  // Of each shape with all that lies within, as seen.
  bool leaves_enough(const PlacedObject& object) const {
    std::array<int, 256> covered{};
    visit_mask(object, object.stamps.front(), layout_.owner.data(), [&](std::uint8_t owner) { ++covered[owner]; });
    for (std::size_t i = 0; i < layout_.objects.size(); ++i) {
      const std::vector<Stamp>& stamps = layout_.objects[i].stamps;
      int left = 0;
      for (std::size_t level = stamps.size(); level-- > 0;) {
        left += visible_[i][level] - covered[i + 1 + level * Layout::level_step];
        if (left * 100 < stamps[level].area * (100 - hidden_share)) return false;
      }
    }
    return true;
  }

  int& visible(std::size_t owner) { return visible_[owner % Layout::level_step - 1][owner / Layout::level_step]; }

  template <class Owner, class Visit>
  void visit_mask(const PlacedObject& object, const Stamp& stamp, Owner* owners, Visit&& visit) const {
    const Texel* texel = stamp.texels.data();
    for (int y = 0; y < stamp.height; ++y) {
      Owner* row = owners + static_cast<std::ptrdiff_t>(object.y + y) * size_ + object.x;
      for (int x = 0; x < stamp.width; ++x, ++texel)
        if (texel->alpha >= Stamp::solid) visit(row[x]);
    }
  }

  int size_;
  int smallest_, largest_;  // per cent of the canvas: crowds are drawn smaller
  Layout layout_;
  std::vector<std::array<int, 3>> visible_;  // pixels of each placed object, by level
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

std::vector<ColorName> draw_objects(int count, const SceneOptions& options, Rng& rng) {
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
  while (std::ssize(objects) < count) {
    const bool combo = options.split == Split::combo && (objects.empty() || rng.below(2) == 0);
    const ColorName object = combo ? rng.pick(std::span<const ColorName>(held_out)) : random_pair(names, colors, rng);
    const bool is_new = !is_among(objects, object.name);
    objects.push_back(object);
    // Nothing is drawn for this where names come as they are: such scenes stay what they were.
    const int partner = partner_of(object.name);
    const bool may_come = is_new && !is_among(objects, partner) && std::ssize(objects) < count;
    if (options.together > 0 && may_come && rng.chance(options.together)) objects.push_back(random_pair({partner}, colors, rng));
  }
  rng.shuffle(objects);
  return objects;
}

void replace_by_emblems(double share, Split split, std::vector<ColorName>& objects, Rng& rng) {
  bool pair_is_kept = split != Split::combo;
  for (ColorName& object : objects) {
    if (!pair_is_kept && is_combo_pair(object.name, object.color))
      pair_is_kept = true;
    else if (rng.chance(share))
      object = {.name = world_emblem, .color = rng.between(0, world_color_count - 1)};
  }
}

Layout place_objects(const std::vector<ColorName>& objects, const SceneOptions& options, int min_extent, Rng& rng) {
  for (;;)
    if (auto layout = try_placing(objects, options, min_extent, rng)) return std::move(*layout);
}

std::uint64_t content_hash(const std::vector<PlacedObject>& objects) {
  std::uint64_t sum = 0;  // commutative: the order of drawing does not matter
  for (const PlacedObject& object : objects) {
    std::uint64_t hash = 0;
    const auto add = [&](std::initializer_list<int> parts) {
      for (const int part : parts) hash = Rng(hash, static_cast<std::uint64_t>(part + StampPose::max_turn)).bits();
    };
    add({object.pose.name, object.color, object.pose.extent, object.pose.turn, int{object.pose.flipped}, object.x, object.y});
    if (object.emblem)
      for (const auto& [pose, color, light] : *object.emblem)
        add({static_cast<int>(pose.shape), pose.radius, pose.x, pose.y, pose.turn, color, light});
    sum += hash;
  }
  return sum;
}

}  // namespace omma
