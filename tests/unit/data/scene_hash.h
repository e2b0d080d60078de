// One number for the pixels and masks of many scenes.
#pragma once

#include <cstdint>
#include <span>

#include "omma/data/world/scene.h"

namespace omma {

// FNV-1a.
inline std::uint64_t hash_of(std::span<const std::uint8_t> bytes, std::uint64_t hash = 0xcbf29ce484222325) {
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

inline std::uint64_t hash_of_scenes(const SceneOptions& options, int count) {
  std::uint64_t hash = hash_of({});
  for (int i = 0; i < count; ++i) {
    const Scene scene = make_scene(7, static_cast<std::uint64_t>(i), options);
    hash = hash_of(scene.level, hash_of(scene.owner, hash_of(scene.image.data, hash)));
  }
  return hash;
}

}  // namespace omma
