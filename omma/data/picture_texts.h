// Pictures with captions and boxes: what instruction data are made from.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "omma/data/dataset_report.h"
#include "omma/data/lexicon.h"
#include "omma/data/picture_text.h"
#include "omma/io/image_file.h"

namespace omma {

struct TextedPicture {
  std::string key;    // "val/17"; the file name
  std::string image;  // how a data set names the picture: "val-000017.png"; the file name as the labels have it
  PictureText text = {};
};

// All access is const and thread-safe.
class PictureTexts {
 public:
  virtual ~PictureTexts() = default;

  virtual std::size_t size() const = 0;
  virtual TextedPicture sample(std::size_t index) const = 0;

  // Throws std::invalid_argument where the picture is missing or broken.
  virtual Image image(std::size_t index) const = 0;

  // Whether the pictures are in no file yet: the world's.
  virtual bool drawn() const = 0;

  // The words by which the boxes are called.
  virtual const Lexicon& lexicon() const = 0;

  // What was wrong: faulty samples were left out.
  virtual const DatasetReport& report() const = 0;
};

struct PictureTextsOptions {
  std::filesystem::path images = {};  // where the pictures are, if not where the format puts them
  double max_fault_share = .05;       // of all records; where more are faulty, or no sample is left, it is refused; 1: never
};

// `spec` is KIND:PATH with KIND one of
//   world  PATH "" or "seed=7,count=500,size=128,objects=1-3,together=.8", as detection_dataset.h has it;
//   coco   PATH a folder with both an instances and a captions JSON (detection_dataset.h, caption_dataset.h). Pictures that are not
//          in both are left out; one without boxes stays.
// An empty split means all of it (world: train). Throws std::invalid_argument where the data cannot be read or are over
// max_fault_share.
std::unique_ptr<PictureTexts> open_picture_texts(std::string_view spec, std::string_view split,
                                                 const PictureTextsOptions& options = {});

}  // namespace omma
