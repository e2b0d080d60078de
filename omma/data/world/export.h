// `omma render` as a function: a folder of scenes with labels that other programs read.
#pragma once

#include <cstdint>
#include <filesystem>

#include "omma/data/world/scene.h"

namespace omma {

// coco: pictures and label files; webdataset: tar shards of pictures with web_texts.
enum class RenderFormat { coco, webdataset };

struct RenderOptions {
  std::uint64_t seed = 0;
  int count = 0;  // scenes 0 to count - 1 of the seed
  std::filesystem::path out;
  SceneOptions scene;
  int threads = 1;
  RenderFormat format = RenderFormat::coco;
  // webdataset:
  double noise = .5;  // how many of the texts are wrong
  int samples_per_shard = 1000;
};

// coco: writes out/images/000000.png..., annotations.json (COCO instances: categories are the names with ids from 1, masks as
// compressed RLE, colour and size as attributes), captions.json (COCO captions) and questions.jsonl {image, question, answer,
// type}. Scenes with emblems have neither captions nor questions; each emblem is three annotations of the categories "emblem",
// "inner shape" and "mark", with `level` ("whole", "part", "sub-part"), the shape as an attribute, and `parent`, the id of the
// annotation that the shape lies in. webdataset: writes out/web-000000.tar... of samples 000000000.png, .txt (the web text) and
// .json {caption, noise, true_caption}. Both write out/render.json, the options. The same options give the same bytes whatever the
// threads. Each file appears whole. Throws std::invalid_argument for options out of range and where `out` holds anything but what
// the same options wrote, std::runtime_error where the disk refuses.
void render_dataset(const RenderOptions& options);

}  // namespace omma
