// What the tools of one picture find objects with.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "omma/tasks/detector.h"
#include "omma/vision/image.h"

namespace omma {

struct ObjectFinderOptions {
  std::vector<std::string> anything = {};  // what the object name "anything" stands for; default: the detector's taught_names()
  DetectionOptions detection = {};         // thresholds
};

// Phrases to look for, each once.
struct WantedObjects {
  std::vector<std::string> named;
  std::vector<std::string> common;  // those that "anything" stands for
};

// A detector and one picture, which is encoded when it is first asked about, once for all tools. Thread-safe: a tool that ran out
// of time may still be at work while another is called.
class ObjectFinder {
 public:
  ObjectFinder(std::shared_ptr<Detector> detector, std::shared_ptr<const Image> image, ObjectFinderOptions options = {});

  const Image& image() const { return *image_; }
  bool knows_anything() const { return !options_.anything.empty(); }

  // Of each name in each colour; names alone where there is no colour. Throws std::invalid_argument for "anything" where it stands
  // for nothing.
  WantedObjects wanted(const std::vector<std::string>& names, const std::vector<std::string>& colors = {}) const;

  // By falling score, what is named before what is common: a "red dog" is not told again as a "dog". Boxes and scores are finite.
  std::vector<Detection> find(const WantedObjects& wanted);

 private:
  std::vector<Detection> detect(const std::vector<std::string>& phrases);

  std::shared_ptr<Detector> detector_;
  std::shared_ptr<const Image> image_;
  ObjectFinderOptions options_;
  std::mutex mutex_;
  std::shared_ptr<const ImageEmbedding> embedding_;
};

// Whether box and score are finite.
bool is_usable(const Detection& detection);

// Whether two boxes, found under different names, are of one object.
bool are_one_object(const Box& a, const Box& b);

}  // namespace omma
