# Your Spark image and the job. No server and no build is in it: the jar comes from `mvn package`, or from a release.
#
#   docker build --build-arg SPARK_IMAGE=registry.example.org/spark:4.2.0 -t registry.example.org/backfill:0.1.0 .
#
# No default: the Spark in it, its Hadoop and its cloud connectors are your site's choice. It needs Spark 4 on Java 17 or later.
ARG SPARK_IMAGE
FROM ${SPARK_IMAGE}
COPY job/target/backfill.jar /opt/backfill/backfill.jar
