// Models that know what a picture, or each moment of a clip, shows: of one that a person wrote down. A frame's first pixel tells
// them which moment it is of; otherwise no picture is looked at.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "omma/agent/evaluation/question_file.h"
#include "omma/agent/tools/picture_tools.h"
#include "omma/vision/image.h"
#include "omma/vision/mask.h"

namespace omma {

struct KnownMoment {
  double from = 0;
  std::vector<KnownObject> objects;
  std::vector<RunLengths> masks;  // of each object
};

// What is seen at a time of a picture or clip, the moments rising; a scene is drawn.
struct KnownView {
  Size size;
  std::vector<KnownMoment> moments;  // at least one

  std::size_t moment_at(double seconds) const;
  Image frame(std::size_t moment) const;
};
KnownView known_view(const WrittenPicture& picture);

// "two red dogs and a car": the objects in a sentence.
std::string caption_of(const std::vector<KnownObject>& objects);

// The detector understands all names and their plurals. The captioner describes a picture by its objects, a clip by what the
// question is `told`; the answerer answers with that (or with the expected answer, where there is none) what speaks of all that one
// of the question's calls mentions, else "unknown". Where nothing is to be seen there is no segmenter.
PictureModels models_that_know(const KnownView& view, const WrittenQuestion& question, const ThingNames& names, bool clip);

}  // namespace omma
