# Your Spark image and the job. No server and no build is in it: the jar comes from `mvn package`, or from a release.
#
#   docker build --build-arg SPARK_IMAGE=registry.example.org/spark:4.2.0 -t registry.example.org/backfill:0.1.0 .
#   docker run --rm -e BACKFILL_URL -e BACKFILL_USER -e BACKFILL_PASSWORD registry.example.org/backfill:0.1.0 \
#     /opt/spark/bin/spark-submit --class backfill.Main /opt/backfill/backfill.jar plan PLAN
#
# No default: the Spark in it, its Hadoop and its cloud connectors are your site's choice. It needs Spark 4 on Java 17 or later.
ARG SPARK_IMAGE
FROM ${SPARK_IMAGE}

# Who runs it: the user `spark` of Spark's own images by its number, by which Kubernetes sees that it is not root.
ARG SPARK_UID=185

# The image's ENTRYPOINT stays: on Kubernetes it starts drivers and executors. spark-submit gives Java what Spark needs of it.
COPY job/target/backfill.jar /opt/backfill/backfill.jar
USER ${SPARK_UID}
