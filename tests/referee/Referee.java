import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.codelibs.opensearch.runner.node.OpenSearchRunnerNode;
import org.opensearch.analysis.common.CommonAnalysisPlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.core.common.transport.TransportAddress;
import org.opensearch.env.Environment;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.index.reindex.ReindexPlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessPlugin;
import org.opensearch.transport.Netty4Plugin;

/**
 * One OpenSearch node on loopback: `Referee HOME`. Data, logs and configuration stand under HOME; the port of its HTTP
 * door is written to HOME/port when it answers. It ends when its standard input does, so it never outlives the test
 * run that started it.
 */
public final class Referee {
    private Referee() {}

    public static void main(String[] args) throws Exception {
        Path home = Path.of(args[0]).toAbsolutePath();
        Path config = Files.createDirectories(home.resolve("config"));
        Settings settings =
                Settings.builder()
                        .put("path.home", home.toString())
                        .put("path.data", home.resolve("data").toString())
                        .put("path.logs", home.resolve("logs").toString())
                        .put("cluster.name", "bulkwark-referee")
                        .put("node.name", "referee")
                        .put("discovery.type", "single-node")
                        .put("network.host", "127.0.0.1")
                        .put("http.port", "0")
                        .put("transport.port", "0")
                        .put("http.type", "netty4")
                        .put("transport.type", "netty4")
                        .put("http.max_content_length", "200mb")
                        // A laptop's nearly full disk must not turn indexes read-only in the middle of a comparison.
                        .put("cluster.routing.allocation.disk.threshold_enabled", false)
                        // Lists of 10,000 terms are asked of both sides.
                        .put("indices.query.bool.max_clause_count", 200_000)
                        .put("search.max_buckets", 200_000)
                        .build();
        Environment environment =
                InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), config, () -> "referee");
        Node node =
                new OpenSearchRunnerNode(
                        environment,
                        List.of(
                                Netty4Plugin.class,
                                ReindexPlugin.class,
                                PainlessPlugin.class,
                                CommonAnalysisPlugin.class));
        node.start();
        TransportAddress address =
                node.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress();
        Path written = Files.writeString(home.resolve("port.new"), Integer.toString(address.getPort()));
        Files.move(written, home.resolve("port"), StandardCopyOption.ATOMIC_MOVE);

        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(ended::countDown));
        while (System.in.read() >= 0) {
            // Whoever started the node holds the other end; what it writes means nothing.
        }
        node.close();
    }
}
