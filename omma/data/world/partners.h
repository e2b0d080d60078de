// Which of the world's names are seen together where scenes are asked for with SceneOptions::together.
#pragma once

namespace omma {

// The other of the name's pair. The 32 names are 16 pairs, drawn once with a fixed seed.
int partner_of(int name);

}  // namespace omma
