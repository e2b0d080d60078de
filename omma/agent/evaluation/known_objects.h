// A detector that is told what its picture shows: the oracle of agent tests, and what a planner is trained with.
#pragma once

#include <string>
#include <vector>

#include "omma/data/world/scene.h"
#include "omma/tasks/detector.h"

namespace omma {

struct KnownObject {
  std::string name;   // "dog"
  std::string color;  // "red"; "" where it has none
  std::string size;   // "large"; "" where it has none
  Box box;
  float score = 1;
};

std::vector<KnownObject> known_objects(const Scene& scene);

// Finds each object under the most telling phrase that fits it, "large red dog" before "red dog" before "dog" before "red thing",
// and nothing else. The pictures are not looked at.
class KnownObjectDetector : public Detector {
 public:
  explicit KnownObjectDetector(std::vector<KnownObject> objects) : objects_(std::move(objects)) {}
  std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                      const DetectionOptions& options = {}) override;
  std::vector<std::string> taught_names() const override;  // of the world

 private:
  std::vector<KnownObject> objects_;
};

}  // namespace omma
