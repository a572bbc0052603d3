<?php
/**
 * Updates of a WordPress plugin from a Dukkan shop, beside class-dukkan-license.php. Rename the class with it.
 *
 *   ( new Dukkan_Updater( $license, __FILE__, '1.2.0' ) )->listen();
 *
 * WordPress then shows a new version as it does for any plugin, with what is new, and installs it. The package's
 * SHA-256 is in an answer that the shop has signed, and is compared before anything is unpacked.
 * This file may be copied and changed by anybody for anything.
 */

class Dukkan_Updater {
	const KEEP  = 10800; // Three hours between two questions,
	const AGAIN = 3600;  // and one after a question without an answer.

	private $license;
	private $file;
	private $version;

	/**
	 * @param Dukkan_License $license The licence of this site.
	 * @param string         $file    The plugin's main file.
	 * @param string         $version Its version.
	 */
	public function __construct( $license, $file, $version ) {
		$this->license = $license;
		$this->file    = plugin_basename( $file );
		$this->version = $version;
	}

	public function listen() {
		add_filter( 'pre_set_site_transient_update_plugins', array( $this, 'offer' ) );
		add_filter( 'plugins_api', array( $this, 'describe' ), 10, 3 );
		add_filter( 'upgrader_pre_download', array( $this, 'fetch' ), 10, 3 );
		add_action( 'upgrader_process_complete', array( $this, 'forget' ) );
	}

	/** Put a newer version onto WordPress's list of updates. */
	public function offer( $updates ) {
		if ( ! is_object( $updates ) ) {
			$updates = new stdClass();
		}
		$release = $this->release();
		if ( ! $release ) {
			return $updates;
		}
		$plugin = $this->plugin( $release );
		if ( version_compare( $this->version, $release['version'], '<' ) && $release['package'] ) {
			$updates->response[ $this->file ] = $plugin;
		} else {
			$updates->no_update[ $this->file ] = $plugin;
		}
		return $updates;
	}

	/** What WordPress shows under "View details". */
	public function describe( $result, $action, $args ) {
		if ( 'plugin_information' !== $action || empty( $args->slug ) || $args->slug !== $this->slug() ) {
			return $result;
		}
		$release = $this->release();
		if ( ! $release ) {
			return $result;
		}
		$plugin           = $this->plugin( $release );
		$plugin->sections = array( 'changelog' => wpautop( esc_html( $release['changelog'] ) ) );
		return $plugin;
	}

	/** Fetch the package, and refuse one whose bytes are others than the shop signed for. */
	public function fetch( $reply, $package, $upgrader = null ) {
		$release = $this->release();
		if ( false !== $reply || ! $release || $package !== $release['package'] ) {
			return $reply;
		}
		add_filter( 'http_request_args', array( $this, 'trust' ), 10, 2 );
		$path = download_url( $package, 300 );
		remove_filter( 'http_request_args', array( $this, 'trust' ), 10 );
		if ( is_wp_error( $path ) ) {
			$this->forget(); // Links grow old: the next try asks for a fresh one.
			return $path;
		}
		if ( ! hash_equals( (string) $release['sha256'], hash_file( 'sha256', $path ) ) ) {
			wp_delete_file( $path );
			return new WP_Error( 'changed_package', 'The package was changed on its way.' );
		}
		return $path;
	}

	/** WordPress fetches nothing from addresses within its own net, where a shop may stand. Ours may. */
	public function trust( $args, $url ) {
		if ( 0 === strpos( $url, $this->license->shop() . '/' ) ) {
			$args['reject_unsafe_urls'] = false;
		}
		return $args;
	}

	public function forget() {
		delete_site_transient( $this->transient() );
	}

	private function release() {
		if ( '' === $this->license->key() ) {
			return null;
		}
		$kept = get_site_transient( $this->transient() );
		if ( false === $kept ) {
			$kept = $this->license->release();
			set_site_transient( $this->transient(), $kept ? $kept : array(), $kept ? self::KEEP : self::AGAIN );
		}
		return $kept ? $kept : null;
	}

	private function plugin( $release ) {
		return (object) array(
			'id'            => $this->license->shop() . '/' . $this->slug(),
			'slug'          => $this->slug(),
			'plugin'        => $this->file,
			'name'          => $this->slug(),
			'new_version'   => $release['version'],
			'version'       => $release['version'],
			'url'           => $this->license->shop(),
			'package'       => (string) $release['package'],
			'download_link' => (string) $release['package'],
			'last_updated'  => $release['released_at'],
			'requires'      => self::needs( 'WordPress', $release['requirements'] ),
			'requires_php'  => self::needs( 'PHP', $release['requirements'] ),
		);
	}

	private static function needs( $program, $requirements ) {
		return preg_match( '/\b' . $program . '\s+v?(\d+(?:\.\d+)*)/i', (string) $requirements, $found ) ? $found[1] : '';
	}

	private function slug() {
		return dirname( $this->file );
	}

	private function transient() {
		return 'dukkan_release_' . md5( $this->file . $this->license->key() );
	}
}
