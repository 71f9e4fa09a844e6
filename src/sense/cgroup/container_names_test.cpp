// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/container_names.h"

#include <gtest/gtest.h>

#include <string>

#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(ContainerNames, OfDockerAreInItsConfiguration) {
  const Fixture machine{{"/var/lib/docker/containers/1a2b/config.v2.json",
                         R"({"Name":"/web","Config":{"Image":"nginx:1.27","Labels":{"x":"y"}},"State":{}})"}};
  const ContainerNames names = read_container_names(machine.root(), "1a2b");
  EXPECT_EQ(names.name, "web");
  EXPECT_EQ(names.image, "nginx:1.27");
  EXPECT_EQ(names.pod, "");
}

TEST(ContainerNames, OfKubernetesOnContainerdAreInTheBundle) {
  const Fixture machine{{"/run/containerd/io.containerd.runtime.v2.task/k8s.io/1a2b/config.json",
                         R"({"annotations":{"io.kubernetes.cri.container-name":"app",
                             "io.kubernetes.cri.image-name":"registry.example/app:3",
                             "io.kubernetes.cri.sandbox-name":"app-5f7c-x2",
                             "io.kubernetes.cri.sandbox-namespace":"shop"},"process":{}})"}};
  const ContainerNames names = read_container_names(machine.root(), "1a2b");
  EXPECT_EQ(names.name, "app");
  EXPECT_EQ(names.container, "app");
  EXPECT_EQ(names.image, "registry.example/app:3");
  EXPECT_EQ(names.pod, "app-5f7c-x2");
  EXPECT_EQ(names.pod_namespace, "shop");
}

TEST(ContainerNames, OfPodmanAndCrioAreInTheListOfTheirStorage) {
  const Fixture machine{{"/var/lib/containers/storage/overlay-containers/containers.json",
                         R"([{"id":"ffff","names":["other"]},
                             {"id":"1a2b","names":["db"],"metadata":"{\"image-name\":\"postgres:16\"}"}])"}};
  const ContainerNames names = read_container_names(machine.root(), "1a2b");
  EXPECT_EQ(names.name, "db");
  EXPECT_EQ(names.image, "postgres:16");
  EXPECT_EQ(read_container_names(machine.root(), "cccc").name, "");
}

TEST(ContainerNames, AreEmptyWhereNothingOrNonsenseIsWritten) {
  const Fixture machine{{"/var/lib/docker/containers/1a2b/config.v2.json", "{\"Name\":"},
                        {"/var/lib/docker/containers/2b3c/config.v2.json", R"({"Name":[7],"Config":"x"})"}};
  EXPECT_EQ(read_container_names(machine.root(), "1a2b").name, "");
  EXPECT_EQ(read_container_names(machine.root(), "2b3c").name, "");
  EXPECT_EQ(read_container_names(machine.root(), "2b3c").image, "");
  EXPECT_EQ(read_container_names(machine.root(), "../containers/2b3c").name, "");
}

}  // namespace
}  // namespace ullage::sense
