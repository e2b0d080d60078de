// Pictures with captions, of any origin in one form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "omma/data/dataset_report.h"
#include "omma/data/world/split.h"
#include "omma/io/image_file.h"
#include "omma/vision/image.h"

namespace omma {

struct CaptionSample {
  std::string key;                      // names the sample in messages and shards: file name, shard key or scene number
  std::vector<std::string> captions;    // at least one
  std::vector<ColorName> objects = {};  // what the picture shows, where the data tells: the world
  std::vector<std::string> wrong = {};  // texts known not to describe it, where the data tells
};

struct CaptionedImage {
  CaptionSample sample;
  Image image;
};

struct PictureFile {
  std::string extension;  // "jpg"
  std::vector<std::uint8_t> bytes;
};

// All access is const and thread-safe. Texts are read and checked when the data set is opened; pictures when they are asked for.
class CaptionDataset {
 public:
  virtual ~CaptionDataset() = default;

  virtual std::size_t size() const = 0;
  virtual CaptionSample sample(std::size_t index) const = 0;

  // Throws std::invalid_argument where the picture is missing or broken.
  virtual Image image(std::size_t index) const = 0;

  // Whether the picture is there at all; it may still be broken.
  virtual bool has_image(std::size_t index) const { return index < size(); }

  // Both at once: the world draws them together.
  virtual CaptionedImage load(std::size_t index) const { return {sample(index), image(index)}; }

  // The picture as the data hold it, perhaps broken; as PNG where they hold none. Throws as image() where it is missing.
  virtual PictureFile picture_file(std::size_t index) const { return {.extension = "png", .bytes = encode_png(image(index))}; }

  // What else the data tell of the sample, an object: a shard's .json; the noise of the world's web texts.
  virtual json notes(std::size_t) const { return json::object(); }

  // What was wrong: faulty samples were left out.
  virtual const DatasetReport& report() const = 0;
};

struct CaptionDatasetOptions {
  std::filesystem::path images = {};  // where the pictures are, if not where the format puts them
  ImageLimits image_limits = {};
  double max_fault_share = .05;  // of all records; where more are faulty, or no sample is left, it is refused; 1: never
  // The world:
  std::uint64_t seed = 0;
  std::int64_t count = 1000;
  int size = 128;
  int captions = 0;    // of a scene; 0: five, but one where they are exact or noisy
  bool exact = false;  // each an exact_caption, else of captions()
  double noise = 0;    // above 0 each is a web_text, and wrong with this probability
};

// `spec` is KIND:PATH with KIND one of
//   world       PATH "" or "seed=7,count=500,size=128,objects=1-3,captions=5,noise=.5", which override the options;
//               captions=exact for exact ones, references=3 for how many of these; wrong=1 gives each scene as many
//               texts that are wrong in one attribute; split is one of split.h;
//   coco        PATH a captions JSON (pictures in images/ beside it, or beside it), or a folder with captions.json,
//               SPLIT/captions.json or annotations/captions_SPLIT*.json;
//   blip        PATH a JSON list of {"image", "caption"} and, if known, "wrong", each a text or a list of texts; pictures as for
//               coco; records of one picture are one sample;
//   folder      PATH a folder of pictures (see picture_extensions()), or its SPLIT folder, with sub-folders, each with its text in
//               a .txt of the same name beside it;
//   webdataset  PATH one tar shard, a folder of them (its SPLIT folder, or those whose names begin with SPLIT), or a range
//               name-{000000..000012}.tar. A sample is a picture and a .txt, or a .json with "caption".
//               A shard is a file: nothing is fetched and no program is run.
// An empty split means all of it (world: train); a file is taken whole, whatever the split. Throws std::invalid_argument naming
// the file and field where the data set as a whole cannot be read or is over max_fault_share; faults of single samples
// go to report().
std::unique_ptr<CaptionDataset> open_caption_dataset(std::string_view spec, std::string_view split,
                                                     const CaptionDatasetOptions& options = {});

}  // namespace omma
