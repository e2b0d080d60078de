// Finds cars in a picture with an embedded model.
#include <omma/io/image_file.h>
#include <omma/models/registry.h>
#include <omma/models/zoo.h>

#include <cstdio>

int main(int argc, char** argv) {
  const auto detector = omma::load_detector(omma::find_model("grounding-dino-nano"));
  for (int i = 1; i < argc; ++i) {
    const omma::Image image = omma::read_image(argv[i]);
    const auto results = detector->detect({&image, 1}, {.phrases = {"car"}, .caption = {}});
    for (const auto& found : results.front().detections)
      std::printf("%s: %s %.2f at %.0f,%.0f\n", argv[i], found.label.c_str(), found.score, found.box.x0, found.box.y0);
  }
}
