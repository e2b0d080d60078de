// All the tools that look at one picture.
#pragma once

#include <memory>

#include "omma/agent/tool.h"
#include "omma/tasks/answerer.h"
#include "omma/tasks/captioner.h"
#include "omma/tasks/detector.h"
#include "omma/tasks/segmenter.h"
#include "omma/vision/image.h"

namespace omma {

// What the tools look with; each may be null.
struct PictureModels {
  std::shared_ptr<Detector> detector = {};
  std::shared_ptr<Captioner> captioner = {};
  std::shared_ptr<Answerer> answerer = {};
  std::shared_ptr<Segmenter> segmenter = {};
};

// detect_objects where there is a detector, describe_image where there is a captioner or an answerer, segment_object where there
// are a detector and a segmenter.
Toolbox picture_tools(const PictureModels& models, const std::shared_ptr<const Image>& image);

}  // namespace omma
